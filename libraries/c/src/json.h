/*
 * Reads JSON. `sbi_json_check` decides what is JSON (RFC 8259); jsmn, which is
 * more lenient, then divides what was accepted into tokens.
 */
#ifndef SWITCHBOARD_JSON_H
#define SWITCHBOARD_JSON_H

#include "switchboard.h"

/* Most levels of objects and arrays. */
#define SBI_NESTING 16

/* A message and its tokens. */
typedef struct sb_json {
    const char *text;
    const jsmntok_t *tokens;
    int count;
} sb_json;

typedef enum sb_json_error {
    SBI_JSON_OK,
    SBI_JSON_INVALID,
    SBI_JSON_TOO_DEEP
} sb_json_error;

typedef enum sb_json_type {
    SBI_JSON_NULL,
    SBI_JSON_BOOL,
    SBI_JSON_NUMBER,
    SBI_JSON_STRING,
    SBI_JSON_ARRAY,
    SBI_JSON_OBJECT
} sb_json_type;

/* Length of the first character, 1 to 4 bytes; 0 if it is not UTF-8. */
size_t sbi_utf8_length(const char *text, size_t length);
bool sbi_is_utf8(const char *text, size_t length);

/* Whether the text is one JSON value; `at` is where it stops being
 * one. */
sb_json_error sbi_json_check(const char *text, size_t length, size_t *at);

sb_json_type sbi_json_type(const sb_json *json, int token);
/* The value of the last member with this name, or -1. */
int sbi_json_member(const sb_json *json, int object, const char *name);
/* The token after a value and all that it contains. */
int sbi_json_after(const sb_json *json, int token);
bool sbi_json_true(const sb_json *json, int token);
double sbi_json_number(const sb_json *json, int token);
bool sbi_json_equals(const sb_json *json, int token, const char *text);
/* Decodes a string; its length, or SIZE_MAX if it is longer than `capacity` and
 * was cut. A NUL follows, for which there has to be room. */
size_t sbi_json_decode(const sb_json *json, int token, char *buffer, size_t capacity);
/* A value as it is written, with its quotation marks. */
const char *sbi_json_source(const sb_json *json, int token, size_t *length);

#endif
