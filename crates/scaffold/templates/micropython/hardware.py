"""The hardware on a chip. Change the pins to how your board is wired: those
below are for an ESP32-C3. None of this has run on a chip yet."""

import time

from machine import ADC, PWM, Pin
{{each chip}}
