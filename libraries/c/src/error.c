/* Errors of JSON-RPC: a code, a word for programs and a sentence for people. */
#include "core.h"

#include <string.h>

/* Most characters of a client's text that a message repeats. */
#define EXCERPT_CHARACTERS 40

#define ELLIPSIS "\xe2\x80\xa6"

bool sbi_fail(sb_board *board, int code, const char *reason, const char *format, ...) {
    sb_error *error = &board->error;
    error->code = code;
    sb_writer w = sbi_writer(error->reason, sizeof error->reason - 1);
    sbi_str(&w, reason);
    (void)sbi_end(&w);

    w = sbi_writer(error->message, SBI_ERROR_MESSAGE);
    va_list arguments;
    va_start(arguments, format);
    sbi_vformat(&w, format, arguments);
    va_end(arguments);
    size_t length = w.length;
    if (!sbi_fits(&w)) {
        length = SBI_ERROR_MESSAGE - strlen(ELLIPSIS);
        while (length > 0 && ((unsigned char)error->message[length] & 0xc0) == 0x80) {
            length--; /* not inside a character */
        }
        memcpy(error->message + length, ELLIPSIS, strlen(ELLIPSIS));
        length += strlen(ELLIPSIS);
    }
    error->message[length] = '\0';
    return false;
}

void sbi_write_error(sb_writer *w, const sb_board *board, const char *id, size_t id_length) {
    const sb_error *error = &board->error;
    sbi_str(w, "{\"jsonrpc\":\"2.0\",\"id\":");
    sbi_raw(w, id, id_length);
    sbi_format(w, ",\"error\":{\"code\":%d,\"message\":", error->code);
    sbi_json_text(w, error->message);
    sbi_str(w, ",\"data\":{\"reason\":");
    sbi_json_text(w, error->reason);
    sbi_str(w, "}}}");
}

/* Whether the character of this size is a control character (U+0000 to U+001F,
 * U+007F to U+009F). */
static bool is_control(const char *text, size_t size) {
    unsigned char first = (unsigned char)text[0];
    return first < 0x20 || first == 0x7f ||
           (size == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

const char *sbi_clip(char buffer[SBI_EXCERPT], const char *text, size_t length) {
    sb_writer w = sbi_writer(buffer, SBI_EXCERPT - 1);
    size_t at = 0;
    for (unsigned characters = 0; at < length && characters < EXCERPT_CHARACTERS; characters++) {
        size_t size = sbi_utf8_length(text + at, length - at);
        if (size == 0 || is_control(text + at, size)) {
            sbi_put(&w, ' ');
            size = size == 0 ? 1 : size;
        } else {
            sbi_raw(&w, text + at, size);
        }
        at += size;
    }
    if (at < length) {
        sbi_str(&w, ELLIPSIS);
    }
    return sbi_end(&w);
}

bool sbi_is_line(const char *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = sbi_utf8_length(text + at, length - at);
        if (size == 0 || is_control(text + at, size)) {
            return false;
        }
        at += size;
    }
    return true;
}
