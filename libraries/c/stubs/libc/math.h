/* C11, 7.12 */
#pragma once

#define NAN __builtin_nanf("")
#define isfinite(x) __builtin_isfinite(x)
#define isnan(x) __builtin_isnan(x)
#define signbit(x) __builtin_signbit(x)

double fabs(double x);
double floor(double x);
double fmod(double x, double y);
double round(double x);
double trunc(double x);
