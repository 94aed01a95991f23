"""A stand-in for the chip's module: pins that do nothing."""

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5


def unique_id():
    return b"\x02\x00\x00\x12\x34\x56"


def reset_cause():
    return PWRON_RESET


class Pin:
    IN, OUT, PULL_UP = 1, 3, 2

    def __init__(self, number, mode=IN, pull=None):
        self.state = 1

    def __call__(self):
        return self.state


class PWM:
    def __init__(self, pin, freq=0):
        self.duty = None

    def duty_u16(self, duty):
        assert type(duty) is int and 0 <= duty <= 65535
        self.duty = duty
