/*
 * Expectations of tests. A test is a program that prints each expectation that
 * was not met, and ends with 1 if there were any.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int expect_failures;

/* What is true. */
#define EXPECT(condition) expect_that((condition), #condition, __FILE__, __LINE__)

/* What is true, with a text that says for which case. */
#define EXPECT_FOR(what, condition) expect_for((condition), #condition, (what), __FILE__, __LINE__)

static inline bool expect_that(bool met, const char *text, const char *file, int line) {
    if (!met) {
        printf("%s:%d: not met: %s\n", file, line, text);
        expect_failures++;
    }
    return met;
}

static inline bool expect_for(bool met, const char *text, const char *what, const char *file,
                              int line) {
    if (!met) {
        printf("%s:%d: not met for %s: %s\n", file, line, what, text);
        expect_failures++;
    }
    return met;
}

static inline int expect_end(void) {
    return expect_failures == 0 ? 0 : 1;
}

#endif
