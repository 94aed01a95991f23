/* ESP-IDF: components/esp_system/include/esp_system.h */
#pragma once

#include "esp_err.h"
#include "esp_idf_version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    ESP_RST_UNKNOWN,
    ESP_RST_POWERON,
    ESP_RST_EXT,
    ESP_RST_SW,
    ESP_RST_PANIC,
    ESP_RST_INT_WDT,
    ESP_RST_TASK_WDT,
    ESP_RST_WDT,
    ESP_RST_DEEPSLEEP,
    ESP_RST_BROWNOUT,
    ESP_RST_SDIO,
/* 5.1.4 has the first two, 5.2.0 and 5.2.1 have none of these. */
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 2) || \
    ESP_IDF_VERSION == ESP_IDF_VERSION_VAL(5, 1, 4)
    ESP_RST_USB,
    ESP_RST_JTAG,
#endif
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 2)
    ESP_RST_EFUSE,
    ESP_RST_PWR_GLITCH,
    ESP_RST_CPU_LOCKUP,
#endif
} esp_reset_reason_t;

esp_reset_reason_t esp_reset_reason(void);
void esp_restart(void) __attribute__((__noreturn__));

#ifdef __cplusplus
}
#endif
