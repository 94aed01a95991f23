/*
 * Writes text and JSON into a buffer of fixed size. What does not fit is
 * counted and dropped, and the writer remembers it.
 */
#ifndef SWITCHBOARD_WRITER_H
#define SWITCHBOARD_WRITER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SBI_PRINTF(string, first) __attribute__((format(printf, string, first)))
#else
#define SBI_PRINTF(string, first)
#endif

typedef struct sb_writer {
    char *buffer;    /* may be NULL if the capacity is 0: only counts */
    size_t capacity;
    size_t length;   /* of all that was written, also beyond the capacity */
} sb_writer;

sb_writer sbi_writer(char *buffer, size_t capacity);
bool sbi_fits(const sb_writer *w);
/* Ends the text with a NUL, which has to have room after the capacity. Returns
 * the text, cut if it did not fit. */
const char *sbi_end(sb_writer *w);
void sbi_put(sb_writer *w, char c);
void sbi_raw(sb_writer *w, const char *text, size_t length);
void sbi_str(sb_writer *w, const char *text);
void sbi_unsigned(sb_writer *w, uint64_t number);
/* With up to 15 decimals if these are exact, otherwise as 1.2e-8 with up to 17
 * digits, which may differ from it by 1e-15 of it. NaN and infinity are null. */
void sbi_number(sb_writer *w, double number);
/* A JSON string. Invalid UTF-8 and control characters become spaces. */
void sbi_json_string(sb_writer *w, const char *text, size_t length);
void sbi_json_text(sb_writer *w, const char *text);
/* A subset of printf: %s, %.*s, %c, %d, %u, %llu, %08x and %%. */
void sbi_format(sb_writer *w, const char *format, ...) SBI_PRINTF(2, 3);
void sbi_vformat(sb_writer *w, const char *format, va_list arguments) SBI_PRINTF(2, 0);

/* number.c */
bool sbi_parse_number(const char *text, size_t length, double *number);
double sbi_round(double value, unsigned decimals);
double sbi_step(double value, double min, double max, double step);
bool sbi_is_whole(double value);

#endif
