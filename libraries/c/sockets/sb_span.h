/*
 * ASCII texts that are not terminated. Independent of the locale.
 */
#ifndef SB_SPAN_H
#define SB_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A text within a larger one. */
typedef struct {
    const char *at;
    size_t length;
} sb_span;

static inline char sb_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool sb_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static inline bool sb_is_alpha(char c) {
    return sb_lower(c) >= 'a' && sb_lower(c) <= 'z';
}

static inline sb_span sb_span_of(const char *text) {
    return (sb_span){text, strlen(text)};
}

/* Equal apart from case. */
static inline bool sb_span_is_like(sb_span one, sb_span other) {
    if (one.length != other.length) {
        return false;
    }
    for (size_t i = 0; i < one.length; i++) {
        if (sb_lower(one.at[i]) != sb_lower(other.at[i])) {
            return false;
        }
    }
    return true;
}

static inline bool sb_span_is(sb_span one, const char *text) {
    return one.length == strlen(text) && memcmp(one.at, text, one.length) == 0;
}

/* Index of a character, or the length if it does not occur. */
static inline size_t sb_span_find(sb_span span, char c) {
    size_t at = 0;
    while (at < span.length && span.at[at] != c) {
        at++;
    }
    return at;
}

/* What follows the first `from` characters. */
static inline sb_span sb_span_from(sb_span span, size_t from) {
    return (sb_span){span.at + from, span.length - from};
}

static inline sb_span sb_span_trim(sb_span span) {
    while (span.length > 0 && (span.at[0] == ' ' || span.at[0] == '\t')) {
        span = sb_span_from(span, 1);
    }
    while (span.length > 0 &&
           (span.at[span.length - 1] == ' ' || span.at[span.length - 1] == '\t')) {
        span.length--;
    }
    return span;
}

#endif
