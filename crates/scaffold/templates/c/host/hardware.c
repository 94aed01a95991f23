/*
 * The hardware on a computer: outputs are printed, sensors measure a slow wave.
 */
#include "hardware.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

/* Goes from `low` to `high` and back in two minutes. */
__attribute__((unused)) static double wave(double low, double high) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double phase = (double)(now.tv_sec % 120) * (6.283185307179586 / 120.0);
    return low + (high - low) * (0.5 - 0.5 * cos(phase));
}

void hardware_start(void) {
}
{{each host}}
