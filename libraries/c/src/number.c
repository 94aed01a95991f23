/*
 * Decimal numbers in messages. The C library's own functions for them depend on
 * the locale, and allocate memory on some chips.
 */
#include "writer.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Numbers from here on are not written as integers: a double does not have all
 * their digits. */
#define WHOLE 1e15

static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* The powers of ten with a power of two as exponent, from 1e1 to 1e256. */
static const double squares[] = {1e1, 1e2, 1e4, 1e8, 1e16, 1e32, 1e64, 1e128, 1e256};

/* Most decimals that a double has. */
#define DECIMALS 15

static double absolute(double value) {
    return value < 0 ? -value : value;
}

/* `value` times ten to this power. */
static double scaled(double value, int exponent) {
    unsigned steps = (unsigned)(exponent < 0 ? -exponent : exponent);
    if (steps < sizeof powers / sizeof powers[0]) {
        return exponent < 0 ? value / powers[steps] : value * powers[steps];
    }
    for (unsigned i = 0; steps > 0 && i < sizeof squares / sizeof squares[0]; i++) {
        if ((steps & 1u) != 0) {
            value = exponent < 0 ? value / squares[i] : value * squares[i];
        }
        steps >>= 1;
    }
    return value;
}

/* A number of the grammar of JSON, divided into its digits and its exponent. */
typedef struct decimal {
    uint64_t digits;
    unsigned count; /* of the digits, without leading zeros */
    int exponent;
} decimal;

static void add_digit(decimal *d, char c, bool fraction) {
    if (d->count < 19) {
        d->digits = d->digits * 10 + (uint64_t)(c - '0');
        d->count += d->digits > 0 ? 1u : 0u;
        d->exponent -= fraction ? 1 : 0;
    } else if (!fraction) {
        d->exponent++; /* a digit without effect */
    }
}

bool sbi_parse_number(const char *text, size_t length, double *number) {
    decimal d = {0, 0, 0};
    size_t at = length > 0 && text[0] == '-' ? 1 : 0;
    bool fraction = false;
    for (; at < length && text[at] != 'e' && text[at] != 'E'; at++) {
        if (text[at] == '.') {
            fraction = true;
        } else {
            add_digit(&d, text[at], fraction);
        }
    }
    if (at < length) {
        at++;
        bool negative = at < length && text[at] == '-';
        if (at < length && (text[at] == '-' || text[at] == '+')) {
            at++;
        }
        int exponent = 0;
        for (; at < length; at++) {
            /* A message is too short for digits that outweigh this. */
            exponent = exponent < 100000 ? exponent * 10 + (text[at] - '0') : exponent;
        }
        d.exponent += negative ? -exponent : exponent;
    }
    if (d.digits == 0) {
        *number = 0;
        return true;
    }
    int leading = d.exponent + (int)d.count - 1;
    if (leading > 308) {
        return false;
    }
    double value = leading < -330 ? 0 : scaled((double)d.digits, d.exponent);
    if (!isfinite(value)) {
        /* Rounding on the way may exceed what the number itself does not. */
        if (scaled((double)d.digits, d.exponent - 1) > DBL_MAX / 10) {
            return false;
        }
        value = DBL_MAX;
    }
    *number = text[0] == '-' ? -value : value;
    return true;
}

/* The whole number nearest to `value`, which is less than WHOLE; ties go to
 * even (IEEE 754, section 4.3.1). */
static int64_t nearest(double value) {
    int64_t truncated = (int64_t)value;
    double rest = absolute(value - (double)truncated);
    if (rest > 0.5 || (rest == 0.5 && truncated % 2 != 0)) {
        return truncated + (value < 0 ? -1 : 1);
    }
    return truncated;
}

double sbi_round(double value, unsigned decimals) {
    if (decimals > DECIMALS || !(absolute(value * powers[decimals]) < WHOLE)) {
        return value;
    }
    return (double)nearest(value * powers[decimals]) / powers[decimals];
}

bool sbi_is_whole(double value) {
    return absolute(value) >= WHOLE || sbi_round(value, 0) == value;
}

/* How many decimals a number needs. */
static unsigned decimals_of(double value) {
    unsigned decimals = 0;
    while (decimals < DECIMALS && sbi_round(value, decimals) != value) {
        decimals++;
    }
    return decimals;
}

double sbi_step(double value, double min, double max, double step) {
    double steps = sbi_round((value - min) / step, 0);
    unsigned of_step = decimals_of(step);
    unsigned of_min = decimals_of(min);
    unsigned decimals = of_step > of_min ? of_step : of_min;
    double rounded = sbi_round(min + steps * step, decimals);
    /* The last step may exceed `max` if the range is not a multiple of it;
     * 3 * 0.1 exceeds 0.3 only until it is rounded. */
    return rounded > max ? sbi_round(rounded - step, decimals) : rounded;
}

/* Digits of a fraction, without the zeros at its end. */
static void write_fraction(sb_writer *w, uint64_t digits, unsigned count) {
    char text[20];
    for (unsigned i = count; i > 0; i--) {
        text[i - 1] = (char)('0' + digits % 10);
        digits /= 10;
    }
    while (count > 0 && text[count - 1] == '0') {
        count--;
    }
    if (count > 0) {
        sbi_put(w, '.');
        sbi_raw(w, text, count);
    }
}

/* As 1.2345678901234567e-8. */
static void write_scientific(sb_writer *w, double value) {
    int exponent = 0;
    for (int i = 8; i >= 0; i--) {
        int step = 1 << i;
        if (value >= scaled(1, step)) {
            value = scaled(value, -step);
            exponent += step;
        } else if (value < scaled(1, 1 - step)) {
            value = scaled(value, step);
            exponent -= step;
        }
    }
    uint64_t digits = (uint64_t)(value * 1e16 + 0.5);
    if (digits >= UINT64_C(100000000000000000)) {
        digits /= 10;
        exponent++;
    }
    sbi_unsigned(w, digits / UINT64_C(10000000000000000));
    write_fraction(w, digits % UINT64_C(10000000000000000), 16);
    sbi_format(w, "e%d", exponent);
}

void sbi_number(sb_writer *w, double number) {
    if (!isfinite(number)) {
        sbi_str(w, "null");
        return;
    }
    if (number < 0) {
        number = -number;
        sbi_put(w, '-');
    }
    for (unsigned decimals = 0; decimals <= DECIMALS; decimals++) {
        double shifted = number * powers[decimals];
        if (!(shifted < WHOLE)) {
            break;
        }
        if (sbi_round(number, decimals) == number) {
            uint64_t digits = (uint64_t)nearest(shifted);
            uint64_t unit = (uint64_t)powers[decimals];
            sbi_unsigned(w, digits / unit);
            write_fraction(w, digits % unit, decimals);
            return;
        }
    }
    write_scientific(w, number);
}
