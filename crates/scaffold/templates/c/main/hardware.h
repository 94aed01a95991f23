/*
 * Where the board meets its hardware: hardware.c on the chip, host/hardware.c on
 * a computer.
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

void hardware_start(void);

{{each declaration}}

#endif
