/* ESP-IDF: components/log/include/esp_log.h and esp_log_write.h. Only the
 * macros with a tag, in the format of its version 1. */
#pragma once

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*vprintf_like_t)(const char *, va_list);

vprintf_like_t esp_log_set_vprintf(vprintf_like_t func);

/* In ESP-IDF `esp_log_write`, with a level and a tag in addition. */
void stub_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
unsigned stub_log_timestamp(void);

#ifdef __cplusplus
}
#endif

#define STUB_LOG(color, letter, tag, format, ...)                                     \
    stub_log("\033[0;" color "m" letter " (%u) %s: " format "\033[0m\n",             \
             stub_log_timestamp(), tag, ##__VA_ARGS__)

#define ESP_LOGE(tag, format, ...) STUB_LOG("31", "E", tag, format, ##__VA_ARGS__)
#define ESP_LOGW(tag, format, ...) STUB_LOG("33", "W", tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) STUB_LOG("32", "I", tag, format, ##__VA_ARGS__)
