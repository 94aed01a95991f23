"""The hardware on a computer: outputs are printed, and sensors measure a slow
wave. Type the key of a button or an event to cause it, for example button:0."""

import math
import select
import sys
import time

_input = select.poll()
_input.register(sys.stdin, select.POLLIN)
_line = ""  # what was typed last


def wave(low, high):
    """A value that swings from `low` to `high` and back in two minutes."""
    turn = time.ticks_ms() % 120_000 / 120_000
    return low + (high - low) * (1 - math.cos(2 * math.pi * turn)) / 2


def typed(key):
    """Whether this key was typed."""
    global _line
    if _input.poll(0):
        line = sys.stdin.readline()
        if not line:
            _input.unregister(sys.stdin)
        _line = line.strip()
    if _line != key:
        return False
    _line = ""
    return True
{{each simulated}}
