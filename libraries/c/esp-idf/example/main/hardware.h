/*
 * The lamp's hardware: an LED, a button and the chip's own temperature sensor.
 */
#ifndef HARDWARE_H
#define HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

void hardware_start(void);

/* Sets the LED; `brightness` from 0 to 100 %. */
void hardware_light(bool on, uint8_t brightness);

/* Whether the button is held down. */
bool hardware_button(void);

/* The temperature in °C; NaN if it cannot be measured. */
float hardware_temperature(void);

#endif
