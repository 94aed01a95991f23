/* What menuconfig would write. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* On Linux from the environment, so that tests choose the port; a number in a
 * real project. */
uint16_t stub_port(void);

#ifdef __cplusplus
}
#endif

#define CONFIG_IDF_TARGET "esp32c3"

#define CONFIG_SWITCHBOARD_LOG 1
#define CONFIG_SWITCHBOARD_PORT stub_port()
#define CONFIG_SWITCHBOARD_TASK_STACK 8192
#define CONFIG_SWITCHBOARD_TASK_PRIORITY 5
#define CONFIG_SWITCHBOARD_WIFI_SSID "home"
#define CONFIG_SWITCHBOARD_WIFI_PASSWORD "correct horse"
