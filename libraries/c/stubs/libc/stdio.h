/* C11, 7.21 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

typedef struct sb_stub_file FILE;

extern FILE *stderr;

int fprintf(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *s, size_t n, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vprintf(const char *format, va_list arg);
int vsnprintf(char *s, size_t n, const char *format, va_list arg);
