/* Writes text and JSON into a buffer of fixed size. */
#include "writer.h"

#include <string.h>

#include "json.h"

sb_writer sbi_writer(char *buffer, size_t capacity) {
    sb_writer w = {buffer, capacity, 0};
    return w;
}

bool sbi_fits(const sb_writer *w) {
    return w->length <= w->capacity;
}

const char *sbi_end(sb_writer *w) {
    w->buffer[sbi_fits(w) ? w->length : w->capacity] = '\0';
    return w->buffer;
}

void sbi_put(sb_writer *w, char c) {
    if (w->length < w->capacity) {
        w->buffer[w->length] = c;
    }
    w->length++;
}

void sbi_raw(sb_writer *w, const char *text, size_t length) {
    if (w->length < w->capacity) {
        size_t room = w->capacity - w->length;
        memcpy(w->buffer + w->length, text, length < room ? length : room);
    }
    w->length += length;
}

void sbi_str(sb_writer *w, const char *text) {
    sbi_raw(w, text, strlen(text));
}

void sbi_unsigned(sb_writer *w, uint64_t number) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    sbi_raw(w, digits + at, sizeof digits - at);
}

void sbi_json_string(sb_writer *w, const char *text, size_t length) {
    sbi_put(w, '"');
    size_t at = 0;
    while (at < length) {
        size_t size = sbi_utf8_length(text + at, length - at);
        char c = text[at];
        if (size == 0 || (size == 1 && (unsigned char)c < 0x20)) {
            sbi_put(w, ' ');
            size = 1;
        } else {
            if (c == '"' || c == '\\') {
                sbi_put(w, '\\');
            }
            sbi_raw(w, text + at, size);
        }
        at += size;
    }
    sbi_put(w, '"');
}

void sbi_json_text(sb_writer *w, const char *text) {
    sbi_json_string(w, text, strlen(text));
}

static void write_hex(sb_writer *w, unsigned number) {
    for (int shift = 28; shift >= 0; shift -= 4) {
        sbi_put(w, "0123456789abcdef"[(number >> shift) & 0xfu]);
    }
}

static void write_signed(sb_writer *w, int number) {
    if (number < 0) {
        sbi_put(w, '-');
    }
    sbi_unsigned(w, (uint64_t)(number < 0 ? -(int64_t)number : number));
}

void sbi_vformat(sb_writer *w, const char *format, va_list arguments) {
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            sbi_put(w, *at);
            continue;
        }
        at++;
        if (*at == 's') {
            sbi_str(w, va_arg(arguments, const char *));
        } else if (*at == 'c') {
            sbi_put(w, (char)va_arg(arguments, int));
        } else if (*at == 'd') {
            write_signed(w, va_arg(arguments, int));
        } else if (*at == 'u') {
            sbi_unsigned(w, va_arg(arguments, unsigned));
        } else if (strncmp(at, ".*s", 3) == 0) {
            int length = va_arg(arguments, int);
            sbi_raw(w, va_arg(arguments, const char *), (size_t)(length > 0 ? length : 0));
            at += 2;
        } else if (strncmp(at, "llu", 3) == 0) {
            sbi_unsigned(w, va_arg(arguments, unsigned long long));
            at += 2;
        } else if (strncmp(at, "08x", 3) == 0) {
            write_hex(w, va_arg(arguments, unsigned));
            at += 2;
        } else if (*at == '\0') {
            return;
        } else {
            sbi_put(w, *at);
        }
    }
}

void sbi_format(sb_writer *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    sbi_vformat(w, format, arguments);
    va_end(arguments);
}
