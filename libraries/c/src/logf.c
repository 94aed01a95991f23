/* Formatted log lines: apart from the log, so that a program without them does
 * not contain vsnprintf. */
#include "core.h"

#include <stdio.h>

void sb_logf(sb_board *board, sb_level level, const char *format, ...) {
    if (level > SB_DEBUG || !sbi_log_records(board, level)) {
        return;
    }
    char message[SBI_LOG_LINE + 2];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        sb_log(board, level, message);
    }
}
