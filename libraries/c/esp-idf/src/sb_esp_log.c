#include "sb_esp_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "esp_log.h"
#include "sb_esp.h"

/* The longest line that is read; longer ones are cut. The board cuts at 240. */
#define LINE 256

static vprintf_like_t previous;

/* The line that is being written, in one call or several; guarded by the lock. */
static char line[LINE];
static size_t length;

/* Removes the sequences that color a line on a terminal. */
static void remove_colors(char *text)
{
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

static sb_level level_of(char letter)
{
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
static void forward(sb_board *board, char *text)
{
    remove_colors(text);
    sb_level level = SB_INFO;
    if (strchr("EWIDV", text[0]) != NULL && text[0] != '\0' && text[1] == ' ') {
        const char *end = text[2] == '(' ? strchr(text, ')') : NULL;
        level = level_of(text[0]);
        text += end != NULL && end[1] == ' ' ? end + 2 - text : 2;
    }
    if (text[0] != '\0') {
        sb_log(board, level, text);
    }
}

/* Takes what was written, and forwards the lines that are complete. */
static void take(sb_board *board, const char *format, va_list args)
{
    int written = vsnprintf(line + length, sizeof line - length, format, args);
    if (written < 0) {
        return;
    }
    length += (size_t)written;
    bool cut = length >= sizeof line;
    if (cut) {
        length = sizeof line - 1;
    }
    char *begin = line;
    for (char *end; (end = strchr(begin, '\n')) != NULL; begin = end + 1) {
        *end = '\0';
        forward(board, begin);
    }
    if (cut && begin == line) {
        forward(board, line);
        begin = line + length;
    }
    length -= (size_t)(begin - line);
    memmove(line, begin, length + 1);
}

static int on_log(const char *format, va_list args)
{
    va_list copy;
    va_copy(copy, args);
    int written = previous(format, args);
    sb_board *board = sb_esp_try_lock();
    if (board != NULL) {
        take(board, format, copy);
        sb_esp_unlock();
    }
    va_end(copy);
    return written;
}

void sb_esp_forward_log(void)
{
    previous = esp_log_set_vprintf(on_log);
}
