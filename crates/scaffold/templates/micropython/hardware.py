"""The hardware on a chip. None of this has run on a chip yet."""

import time

from machine import PWM, Pin

# The pins that you have wired; None is not connected.
{{each pin}}


def output(pin):
    """A pin that is driven high or low."""
    return None if pin is None else Pin(pin, Pin.OUT, value=0)


def contact(pin):
    """A pin that a button or contact connects to ground."""
    return None if pin is None else Pin(pin, Pin.IN, Pin.PULL_UP)


def pulses(pin):
    """A pin with pulses of 1 kHz, for the brightness of an LED."""
    return None if pin is None else PWM(Pin(pin), freq=1000, duty_u16=0)


def write(pin, on):
    if pin is not None:
        pin.value(on)


def is_closed(pin):
    return pin is not None and not pin.value()


{{once helper}}
{{each chip}}
