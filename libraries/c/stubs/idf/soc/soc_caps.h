/* ESP-IDF: components/soc/esp32c3/include/soc/soc_caps.h */
#pragma once

#define SOC_TEMP_SENSOR_SUPPORTED 1
#define SOC_WIFI_SUPPORTED 1
