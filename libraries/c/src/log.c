/*
 * The log: the last lines, and where each reader is. A new line replaces the
 * oldest ones; a reader that is too slow is told how many it lost.
 *
 * A line is stored as its time (8 bytes), its level, its length and its
 * message.
 */
#include "core.h"

#include <string.h>

#if SB_LOG_BYTES < 512
#error "SB_LOG_BYTES has to be at least 512"
#endif

#define HEAD 10


typedef struct line {
    uint64_t uptime;
    uint8_t level;
    uint8_t length;
    const char *message;
} line;

const char *sbi_level_name(unsigned level) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    return names[level & 3u];
}

bool sb_parse_level(const char *text, size_t length, sb_level *level) {
    for (unsigned i = 0; i < 4; i++) {
        const char *name = sbi_level_name(i);
        if (strlen(name) == length && memcmp(name, text, length) == 0) {
            *level = (sb_level)i;
            return true;
        }
    }
    return false;
}

/* The line at this position; the position of the next one. */
static size_t line_at(const sb_board *board, size_t at, line *found) {
    const char *head = board->log.bytes + at;
    memcpy(&found->uptime, head, sizeof found->uptime);
    found->level = (uint8_t)head[8];
    found->length = (uint8_t)head[9];
    found->message = head + HEAD;
    return at + HEAD + found->length;
}

bool sbi_log_records(const sb_board *board, sb_level level) {
    return level != SB_DEBUG || board->log.debug_readers > 0;
}

static void drop_oldest(sb_board *board) {
    line oldest;
    size_t next = line_at(board, 0, &oldest);
    board->log.dropped[oldest.level]++;
    board->log.used -= next;
    memmove(board->log.bytes, board->log.bytes + next, board->log.used);
}

/* Replaces control characters and cuts the message; its length. */
static uint8_t clean(char *to, const char *message, size_t length) {
    static const char cut[] = "\xe2\x80\xa6";
    while (length > 0 && (message[length - 1] == '\n' || message[length - 1] == ' ' ||
                          message[length - 1] == '\r')) {
        length--;
    }
    size_t used = 0;
    size_t fits = 0; /* up to where the sign for a cut could follow */
    for (size_t at = 0; at < length;) {
        size_t size = sbi_utf8_length(message + at, length - at);
        bool printable = size > 0 && sbi_is_line(message + at, size);
        size_t taken = printable ? size : 1;
        if (used + taken > SBI_LOG_LINE) {
            memcpy(to + fits, cut, sizeof cut - 1);
            return (uint8_t)(fits + sizeof cut - 1);
        }
        if (printable) {
            memcpy(to + used, message + at, size);
        } else {
            to[used] = ' ';
        }
        used += taken;
        at += size > 0 ? size : 1;
        if (used + sizeof cut - 1 <= SBI_LOG_LINE) {
            fits = used;
        }
    }
    return (uint8_t)used;
}

static void add_line(sb_board *board, sb_level level, const char *message, size_t size) {
    char stored[HEAD + SBI_LOG_LINE];
    uint8_t length = clean(stored + HEAD, message, size);
    uint64_t uptime = sbi_uptime(board);
    memcpy(stored, &uptime, sizeof uptime);
    stored[8] = (char)level;
    stored[9] = (char)length;
    while (board->log.used + HEAD + length > SB_LOG_BYTES) {
        drop_oldest(board);
    }
    memcpy(board->log.bytes + board->log.used, stored, (size_t)HEAD + length);
    board->log.used += (size_t)HEAD + length;
}

void sb_log(sb_board *board, sb_level level, const char *message) {
    if (level <= SB_DEBUG && sbi_log_records(board, level)) {
        add_line(board, level, message, strlen(message));
    }
}

void sbi_logf(sb_board *board, sb_level level, const char *format, ...) {
    if (!sbi_log_records(board, level)) {
        return;
    }
    /* One byte more than a line, so that a longer one is noticed. */
    char message[SBI_LOG_LINE + 1];
    sb_writer w = sbi_writer(message, sizeof message);
    va_list arguments;
    va_start(arguments, format);
    sbi_vformat(&w, format, arguments);
    va_end(arguments);
    add_line(board, level, message, sbi_fits(&w) ? w.length : w.capacity);
}

/* How many lines up to a level were dropped. */
static uint64_t dropped(const sb_board *board, uint8_t level) {
    uint64_t count = 0;
    for (unsigned i = 0; i <= level; i++) {
        count += board->log.dropped[i];
    }
    return count;
}

void sbi_open_log(sb_board *board, sb_log_reader *reader, sb_level level) {
    sbi_close_log(board, reader);
    reader->reading = true;
    reader->level = (uint8_t)level;
    reader->passed = dropped(board, reader->level);
    reader->lost = 0;
    board->log.debug_readers += level == SB_DEBUG ? 1u : 0u;
}

void sbi_close_log(sb_board *board, sb_log_reader *reader) {
    if (reader->reading && reader->level == SB_DEBUG) {
        board->log.debug_readers--;
    }
    reader->reading = false;
}

/* Finds the unread lines of a reader one after another: `*at` begins with 0,
 * `*seen` with what `lines_seen` returns. */
static bool next_unread(const sb_board *board, const sb_log_reader *reader, size_t *at,
                        uint64_t *seen, line *found) {
    while (*at < board->log.used) {
        *at = line_at(board, *at, found);
        if (found->level > reader->level) {
            continue;
        }
        if (*seen == 0) {
            return true;
        }
        (*seen)--;
    }
    return false;
}

/* How many of the kept lines a reader has passed. */
static uint64_t lines_seen(const sb_board *board, const sb_log_reader *reader) {
    uint64_t gone = dropped(board, reader->level);
    return reader->passed > gone ? reader->passed - gone : 0;
}

bool sbi_log_unread(const sb_board *board, const sb_log_reader *reader) {
    size_t at = 0;
    uint64_t seen = lines_seen(board, reader);
    line found;
    return reader->reading && next_unread(board, reader, &at, &seen, &found);
}

void sbi_log_unread_size(const sb_board *board, const sb_log_reader *reader, uint64_t *lines,
                         uint64_t *bytes) {
    size_t at = 0;
    uint64_t seen = lines_seen(board, reader);
    line found;
    *lines = 0;
    *bytes = 0;
    while (next_unread(board, reader, &at, &seen, &found)) {
        (*lines)++;
        *bytes += found.length;
    }
}

/* The lines that a reader missed since it last read. */
static uint64_t missed(const sb_board *board, const sb_log_reader *reader) {
    uint64_t gone = dropped(board, reader->level);
    return gone > reader->passed ? gone - reader->passed : 0;
}

uint64_t sbi_log_lost(const sb_board *board, const sb_log_reader *reader) {
    return reader->lost + missed(board, reader);
}

static uint64_t catch_up(const sb_board *board, sb_log_reader *reader) {
    uint64_t lost = missed(board, reader);
    reader->lost += lost;
    reader->passed += lost;
    return lost;
}

size_t sbi_log_notification(sb_board *board, sb_log_reader *reader) {
    uint64_t lost = catch_up(board, reader);
    size_t at = 0;
    uint64_t seen = lines_seen(board, reader);
    sb_writer w = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    sbi_format(&w,
               "{\"jsonrpc\":\"2.0\",\"method\":\"NotifyLog\",\"params\":{\"epoch\":\"%08x\","
               "\"uptime_ms\":%llu,\"lost\":%llu,\"lines\":[",
               (unsigned)board->epoch, (unsigned long long)sbi_uptime(board),
               (unsigned long long)lost);
    line found;
    for (unsigned count = 0; next_unread(board, reader, &at, &seen, &found); count++) {
        size_t before = w.length;
        sbi_format(&w, "%s{\"uptime_ms\":%llu,\"level\":\"%s\",\"message\":", count > 0 ? "," : "",
                   (unsigned long long)found.uptime, sbi_level_name(found.level));
        sbi_json_string(&w, found.message, found.length);
        sbi_put(&w, '}');
        /* The end has to fit, too. */
        if (w.length + 3 > w.capacity) {
            w.length = before;
            break;
        }
        reader->passed++;
    }
    sbi_str(&w, "]}}");
    return w.length;
}

size_t sbi_log_text(sb_board *board, sb_reader *reader) {
    sb_writer w = sbi_writer(board->scratch, SB_MESSAGE_OUT);
    reader->lost_lines += catch_up(board, &reader->log);
    if (reader->lost_lines > 0) {
        sbi_format(&w, "(%llu lines were lost: they came faster than they were read)",
                   (unsigned long long)reader->lost_lines);
        reader->lost_lines = 0;
        return w.length;
    }
    size_t at = 0;
    uint64_t seen = lines_seen(board, &reader->log);
    line found;
    if (!next_unread(board, &reader->log, &at, &seen, &found)) {
        return 0;
    }
    reader->log.passed++;
    unsigned millis = (unsigned)(found.uptime % 1000);
    const char *level = sbi_level_name(found.level);
    sbi_format(&w, "%llu.%u%u%u %s%s %.*s", (unsigned long long)(found.uptime / 1000),
               millis / 100, millis / 10 % 10, millis % 10, level, strlen(level) == 4 ? " " : "",
               (int)found.length, found.message);
    return w.length;
}
