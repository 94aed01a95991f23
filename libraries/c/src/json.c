/* Reads JSON without recursion and without memory of its own. */
#include "json.h"

#include <string.h>

#include "writer.h"

size_t sbi_utf8_length(const char *text, size_t length) {
    const unsigned char *s = (const unsigned char *)text;
    if (length == 0) {
        return 0;
    }
    if (s[0] < 0x80) {
        return 1;
    }
    size_t size = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || length < size) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* RFC 3629, section 3: no overlong forms, no surrogates, not beyond
     * U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return size;
}

bool sbi_is_utf8(const char *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        size_t size = sbi_utf8_length(text + at, length - at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

/* A position in a text that is being checked. */
typedef struct cursor {
    const char *text;
    size_t length;
    size_t at;
} cursor;

static int peek(const cursor *c) {
    return c->at < c->length ? (unsigned char)c->text[c->at] : -1;
}

static bool skip(cursor *c, char expected) {
    if (peek(c) != expected) {
        return false;
    }
    c->at++;
    return true;
}

static void skip_space(cursor *c) {
    while (skip(c, ' ') || skip(c, '\t') || skip(c, '\n') || skip(c, '\r')) {
    }
}

static bool is_digit(int c) {
    return c >= '0' && c <= '9';
}

static bool skip_digits(cursor *c) {
    if (!is_digit(peek(c))) {
        return false;
    }
    while (is_digit(peek(c))) {
        c->at++;
    }
    return true;
}

static bool skip_number(cursor *c) {
    size_t start = c->at;
    (void)skip(c, '-');
    if (!skip(c, '0') && !skip_digits(c)) {
        return false;
    }
    if (skip(c, '.') && !skip_digits(c)) {
        return false;
    }
    if (skip(c, 'e') || skip(c, 'E')) {
        if (!skip(c, '+')) {
            (void)skip(c, '-');
        }
        if (!skip_digits(c)) {
            return false;
        }
    }
    double number;
    return sbi_parse_number(c->text + start, c->at - start, &number);
}

static int hex_digit(int c) {
    if (is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; -1 if they are not. */
static int32_t skip_hex(cursor *c) {
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(c));
        if (digit < 0) {
            return -1;
        }
        c->at++;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The rest of \uXXXX, with its second half if it is a surrogate pair. The code
 * point, or -1. */
static int32_t skip_unicode(cursor *c) {
    int32_t first = skip_hex(c);
    if (first < 0xd800 || first > 0xdfff) {
        return first;
    }
    if (first > 0xdbff || !skip(c, '\\') || !skip(c, 'u')) {
        return -1;
    }
    int32_t second = skip_hex(c);
    if (second < 0xdc00 || second > 0xdfff) {
        return -1;
    }
    return 0x10000 + (first - 0xd800) * 0x400 + (second - 0xdc00);
}

static bool skip_string(cursor *c) {
    if (!skip(c, '"')) {
        return false;
    }
    for (;;) {
        int next = peek(c);
        if (next < 0x20) {
            return false; /* the end, or a control character */
        }
        c->at++;
        if (next == '"') {
            return true;
        }
        if (next != '\\') {
            continue;
        }
        int escape = peek(c);
        if (escape <= 0 || strchr("\"\\/bfnrtu", escape) == NULL) {
            return false;
        }
        c->at++;
        if (escape == 'u' && skip_unicode(c) < 0) {
            return false;
        }
    }
}

static bool skip_word(cursor *c, const char *word) {
    size_t length = strlen(word);
    if (c->length - c->at < length || memcmp(c->text + c->at, word, length) != 0) {
        return false;
    }
    c->at += length;
    return true;
}

static bool skip_scalar(cursor *c) {
    switch (peek(c)) {
    case '"':
        return skip_string(c);
    case 't':
        return skip_word(c, "true");
    case 'f':
        return skip_word(c, "false");
    case 'n':
        return skip_word(c, "null");
    default:
        return skip_number(c);
    }
}

/* `"name" :` */
static bool skip_name(cursor *c) {
    skip_space(c);
    if (!skip_string(c)) {
        return false;
    }
    skip_space(c);
    return skip(c, ':');
}

/* Checks a value; `objects` has a bit for each open level that is an object. */
static sb_json_error check_value(cursor *c) {
    uint32_t objects = 0;
    unsigned depth = 0;
    for (;;) {
        /* Here a value begins. */
        skip_space(c);
        bool closes = false;
        int open = peek(c);
        if (open == '{' || open == '[') {
            if (depth == SBI_NESTING) {
                return SBI_JSON_TOO_DEEP;
            }
            bool object = open == '{';
            objects = (objects << 1) | (object ? 1u : 0u);
            depth++;
            c->at++;
            skip_space(c);
            closes = peek(c) == (object ? '}' : ']');
            if (!closes) {
                if (object && !skip_name(c)) {
                    return SBI_JSON_INVALID;
                }
                continue;
            }
        } else if (!skip_scalar(c)) {
            return SBI_JSON_INVALID;
        }
        /* Here a value ended, or an empty object or array is about to. */
        for (;;) {
            skip_space(c);
            if (depth == 0) {
                return SBI_JSON_OK;
            }
            bool object = (objects & 1u) != 0;
            if (!closes && skip(c, ',')) {
                if (object && !skip_name(c)) {
                    return SBI_JSON_INVALID;
                }
                break;
            }
            closes = false;
            if (!skip(c, object ? '}' : ']')) {
                return SBI_JSON_INVALID;
            }
            objects >>= 1;
            depth--;
        }
    }
}

sb_json_error sbi_json_check(const char *text, size_t length, size_t *at) {
    cursor c = {text, length, 0};
    sb_json_error error = check_value(&c);
    *at = c.at;
    if (error != SBI_JSON_OK) {
        return error;
    }
    return c.at == length ? SBI_JSON_OK : SBI_JSON_INVALID;
}

sb_json_type sbi_json_type(const sb_json *json, int token) {
    const jsmntok_t *t = &json->tokens[token];
    switch (t->type) {
    case JSMN_OBJECT:
        return SBI_JSON_OBJECT;
    case JSMN_ARRAY:
        return SBI_JSON_ARRAY;
    case JSMN_STRING:
        return SBI_JSON_STRING;
    default:
        break;
    }
    switch (json->text[t->start]) {
    case 'n':
        return SBI_JSON_NULL;
    case 't':
    case 'f':
        return SBI_JSON_BOOL;
    default:
        return SBI_JSON_NUMBER;
    }
}

int sbi_json_after(const sb_json *json, int token) {
    int end = json->tokens[token].end;
    int next = token + 1;
    while (next < json->count && json->tokens[next].start < end) {
        next++;
    }
    return next;
}

int sbi_json_member(const sb_json *json, int object, const char *name) {
    int found = -1;
    int end = sbi_json_after(json, object);
    int key = object + 1;
    while (key + 1 < end) {
        if (sbi_json_equals(json, key, name)) {
            found = key + 1;
        }
        key = sbi_json_after(json, key + 1);
    }
    return found;
}

bool sbi_json_true(const sb_json *json, int token) {
    return json->text[json->tokens[token].start] == 't';
}

double sbi_json_number(const sb_json *json, int token) {
    const jsmntok_t *t = &json->tokens[token];
    double number = 0;
    (void)sbi_parse_number(json->text + t->start, (size_t)(t->end - t->start), &number);
    return number;
}

/* Appends a code point as UTF-8; false if it does not fit. */
static bool append(char *buffer, size_t capacity, size_t *length, int32_t point) {
    unsigned char bytes[4];
    size_t size;
    if (point < 0x80) {
        bytes[0] = (unsigned char)point;
        size = 1;
    } else if (point < 0x800) {
        bytes[0] = (unsigned char)(0xc0 | (point >> 6));
        bytes[1] = (unsigned char)(0x80 | (point & 0x3f));
        size = 2;
    } else if (point < 0x10000) {
        bytes[0] = (unsigned char)(0xe0 | (point >> 12));
        bytes[1] = (unsigned char)(0x80 | ((point >> 6) & 0x3f));
        bytes[2] = (unsigned char)(0x80 | (point & 0x3f));
        size = 3;
    } else {
        bytes[0] = (unsigned char)(0xf0 | (point >> 18));
        bytes[1] = (unsigned char)(0x80 | ((point >> 12) & 0x3f));
        bytes[2] = (unsigned char)(0x80 | ((point >> 6) & 0x3f));
        bytes[3] = (unsigned char)(0x80 | (point & 0x3f));
        size = 4;
    }
    if (capacity - *length < size) {
        return false;
    }
    memcpy(buffer + *length, bytes, size);
    *length += size;
    return true;
}

static int32_t unescaped(cursor *c) {
    int escape = peek(c);
    c->at++;
    switch (escape) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return skip_unicode(c);
    default:
        return escape;
    }
}

size_t sbi_json_decode(const sb_json *json, int token, char *buffer, size_t capacity) {
    const jsmntok_t *t = &json->tokens[token];
    cursor c = {json->text, (size_t)t->end, (size_t)t->start};
    size_t length = 0;
    bool fits = true;
    while (c.at < c.length && fits) {
        if (skip(&c, '\\')) {
            fits = append(buffer, capacity, &length, unescaped(&c));
        } else if (length == capacity) {
            fits = false;
        } else {
            buffer[length++] = c.text[c.at++];
        }
    }
    buffer[length] = '\0';
    return fits ? length : SIZE_MAX;
}

bool sbi_json_equals(const sb_json *json, int token, const char *text) {
    const jsmntok_t *t = &json->tokens[token];
    if (t->type != JSMN_STRING) {
        return false;
    }
    /* No name that the core looks for is longer. */
    char buffer[SB_TEXT_BYTES + 1];
    size_t length = sbi_json_decode(json, token, buffer, sizeof buffer - 1);
    return length == strlen(text) && memcmp(buffer, text, length) == 0;
}

const char *sbi_json_source(const sb_json *json, int token, size_t *length) {
    const jsmntok_t *t = &json->tokens[token];
    int quote = t->type == JSMN_STRING ? 1 : 0;
    *length = (size_t)(t->end - t->start + 2 * quote);
    return json->text + t->start - quote;
}
