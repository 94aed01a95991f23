#include "sb_esp_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "esp_log.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"

/* Bytes that are kept until the board's task takes them. */
#define KEPT 1024

static StaticSemaphore_t lock_memory;
static SemaphoreHandle_t lock;

/* Guarded by the lock. The last line may not be complete. */
static char kept[KEPT];
static size_t length;
static unsigned lost;

/* What ESP-IDF uses by default: another task may log before it is known. */
static vprintf_like_t previous = vprintf;
static void (*wake_task)(void);

static int on_log(const char *format, va_list args) {
    va_list copy;
    va_copy(copy, args);
    int written = previous(format, args);
    (void)xSemaphoreTakeRecursive(lock, portMAX_DELAY);
    int size = vsnprintf(kept + length, sizeof kept - length, format, copy);
    if (size >= 0 && (size_t)size < sizeof kept - length) {
        length += (size_t)size;
    } else {
        kept[length] = '\0';
        lost++;
    }
    (void)xSemaphoreGiveRecursive(lock);
    va_end(copy);
    wake_task();
    return written;
}

void sb_esp_keep_log(void (*wake)(void)) {
    if (lock != NULL) {
        return;
    }
    lock = xSemaphoreCreateRecursiveMutexStatic(&lock_memory);
    wake_task = wake;
    previous = esp_log_set_vprintf(on_log);
}

/* Removes the sequences that color a line on a terminal. */
static void remove_colors(char *text) {
    char *to = text;
    while (*text != '\0') {
        if (text[0] == '\033' && text[1] == '[') {
            text += 2;
            while (*text != '\0' && *text != 'm') {
                text++;
            }
            text += *text == 'm';
        } else {
            *to++ = *text++;
        }
    }
    *to = '\0';
}

static sb_level level_of(char letter) {
    switch (letter) {
    case 'E':
        return SB_ERROR;
    case 'W':
        return SB_WARN;
    case 'D':
    case 'V':
        return SB_DEBUG;
    default:
        return SB_INFO;
    }
}

/* A line is `I (1234) tag: message`. The board adds a time of its own. */
static void forward(sb_board *board, char *text) {
    remove_colors(text);
    sb_level level = SB_INFO;
    if (text[0] != '\0' && strchr("EWIDV", text[0]) != NULL && text[1] == ' ') {
        const char *end = text[2] == '(' ? strchr(text, ')') : NULL;
        level = level_of(text[0]);
        text += end != NULL && end[1] == ' ' ? end + 2 - text : 2;
    }
    if (text[0] != '\0') {
        sb_log(board, level, text);
    }
}

void sb_esp_forward_log(sb_board *board) {
    if (lock == NULL) {
        return;
    }
    (void)xSemaphoreTakeRecursive(lock, portMAX_DELAY);
    char *begin = kept;
    for (char *end; (end = strchr(begin, '\n')) != NULL; begin = end + 1) {
        *end = '\0';
        forward(board, begin);
    }
    length -= (size_t)(begin - kept);
    memmove(kept, begin, length + 1);
    if (lost > 0) {
        sb_logf(board, SB_WARN, "%u lines were logged too fast", lost);
        lost = 0;
        /* What has no end by now gets none. */
        length = 0;
        kept[0] = '\0';
    }
    (void)xSemaphoreGiveRecursive(lock);
}
