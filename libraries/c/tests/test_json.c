/* JSON: what is accepted, what is refused, and numbers. */
#include <math.h>

#include "bed.h"
#include "../src/core.h"

static sb_json_error check(const char *text) {
    size_t at;
    return sbi_json_check(text, strlen(text), &at);
}

static void json_is_accepted(void) {
    static const char *const texts[] = {
        "{}", " [ ] ", "{\"a\":[1,-0.5e+3,true,false,null,\"\\ud83d\\ude00\\u00e9\\n\"]}",
        "0", "-0", "1E-400", "1.7976931348623157e308", "[[],{}]", "\"\x7f\"", "0e99999999999",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        EXPECT_FOR(texts[i], check(texts[i]) == SBI_JSON_OK);
    }
}

static void anything_else_is_refused(void) {
    static const char *const texts[] = {
        "", "{", "}", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
        "01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1", "NaN", "-Infinity", "1e400", "-1e309",
        "tru", "truex", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\ud800\\u0041\"", "\"\t\"", "\"", "\"\\", "[1 2]", "{\"a\":1 \"b\":2}", "[1}",
        "{\"a\":1]", "1 1", "/**/1", "\xef\xbb\xbf{}", "\v1", "{1:2}", "[]]", "{}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        EXPECT_FOR(texts[i], check(texts[i]) == SBI_JSON_INVALID);
    }
    size_t at;
    EXPECT(sbi_json_check("\"\\\0\"", 4, &at) == SBI_JSON_INVALID && at == 2);
}

static void sixteen_levels_are_accepted_and_no_more(void) {
    EXPECT(check("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]") == SBI_JSON_OK);
    EXPECT(check("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]") == SBI_JSON_TOO_DEEP);
    EXPECT(check("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[[") ==
           SBI_JSON_TOO_DEEP);
    EXPECT(check("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"") == SBI_JSON_OK);
}

static void utf8_is_checked(void) {
    EXPECT(sbi_is_utf8("a\xc3\xa9\xe2\x80\xa6\xf0\x9f\x98\x80", 10));
    static const char *const texts[] = {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                        "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3("};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        EXPECT_FOR(texts[i], !sbi_is_utf8(texts[i], strlen(texts[i])));
    }
}

static const char *written(double number) {
    static char buffer[64];
    sb_writer w = sbi_writer(buffer, sizeof buffer - 1);
    sbi_number(&w, number);
    buffer[sbi_fits(&w) ? w.length : 0] = '\0';
    return buffer;
}

static void numbers_are_written_shortly_and_read_back(void) {
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "0"}, {-0.0, "0"}, {60, "60"}, {-54.3, "-54.3"}, {0.1, "0.1"}, {21.5, "21.5"},
        {1e14, "100000000000000"}, {123456.789, "123456.789"}, {1e300, "1e300"},
        {1e-9, "0.000000001"}, {2.5e-20, "2.5e-20"}, {-1e15, "-1e15"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        EXPECT_FOR(cases[i].text, strcmp(written(cases[i].number), cases[i].text) == 0);
    }
    static const double numbers[] = {0.30000000000000004, 1.0 / 3, 1e-300, 2.2250738585072014e-308,
                                     1.7976931348623157e308, 123456789012345680.0};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double read = 0;
        const char *text = written(numbers[i]);
        EXPECT_FOR(text, sbi_parse_number(text, strlen(text), &read));
        EXPECT_FOR(text, read > numbers[i] * (1 - 1e-15) && read < numbers[i] * (1 + 1e-15));
    }
    EXPECT(strcmp(written((double)INFINITY), "null") == 0);
}

static void numbers_are_rounded_as_decimals(void) {
    EXPECT(sbi_round(22.449, 1) < 22.41 && sbi_round(22.449, 1) > 22.39);
    EXPECT(sbi_round(2.5, 0) < 2.1 && sbi_round(3.5, 0) > 3.9); /* ties go to even */
}

/* The cases that all boards share; tests run in this library's folder. */
static void numbers_are_rounded_to_the_nearest_step_up_to_their_maximum(void) {
    FILE *file = fopen("../../tests/boards/exchanges/steps.txt", "r");
    char line[128], expected[32];
    unsigned cases = 0;
    if (!EXPECT(file != NULL)) {
        return;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        double value, min, max, step;
        if (line[0] == '#') {
            continue;
        }
        EXPECT_FOR(line, sscanf(line, "%lf %lf %lf %lf %31s", &value, &min, &max, &step,
                                expected) == 5 &&
                             strcmp(written(sbi_step(value, min, max, step)), expected) == 0);
        cases++;
    }
    fclose(file);
    EXPECT(cases > 10);
}

int main(void) {
    json_is_accepted();
    anything_else_is_refused();
    sixteen_levels_are_accepted_and_no_more();
    utf8_is_checked();
    numbers_are_written_shortly_and_read_back();
    numbers_are_rounded_as_decimals();
    numbers_are_rounded_to_the_nearest_step_up_to_their_maximum();
    return expect_end();
}
