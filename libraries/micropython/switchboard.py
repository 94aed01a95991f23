"""Turns a MicroPython program into a board that Switchboard finds and controls.

    from switchboard import Board, Light, Button

    light, button = Light(on=False), Button()

    @button.pressed
    def toggle(event):
        light.on = not light.on

    Board("Desk lamp", light, button).run()

Implements docs/protocol.md for an open board: the control channel, POST, the
log, the list of clients, and the announcement by mDNS. Deliberately absent:
keys (a locked board), firmware update, telemetry, outbound connections.

Needs only modules of MicroPython 1.24. Everything runs in one asyncio loop:
change components from its tasks and handlers, not from other threads and not
from interrupt handlers.
"""

import asyncio
import gc
import hashlib
import json
import os
import socket
import sys
import time
from binascii import b2a_base64, hexlify
from collections import OrderedDict
from errno import EAGAIN

from micropython import const

VERSION = "0.1.0"

_INTO_BOARD = const(2048)  # bytes in a message, docs/protocol.md, "Limits"
_OUT_OF_BOARD = const(4096)
_ERROR_MESSAGE = const(600)
_QUEUED = const(8)
_ROOM = const(4)  # the most messages that a request adds: batch, event, change, answer
_LOG_KEPT = const(4096)
_LOG_LINE = const(240)
_HEAD = const(4096)
_FIELDS = const(40)
_CHUNK = const(512)  # bytes read at once
_ON_COMPUTER = sys.platform == "linux"
_ECHO = 65536 if _ON_COMPUTER else 2048
_LEVELS = ("error", "warn", "info", "debug")
_WIRE = {"separators": (",", ":")}


class Refused(Exception):
    """A command that is refused: raise it in a handler, and the controller is
    told why. `reason` is a word for programs, `message` a sentence for people.
    """

    def __init__(self, reason, message, code=-32003):
        super().__init__(message)
        self.reason, self.message, self.code = reason, message, code


def _invalid(reason, message):
    return Refused(reason, message, -32602)


def _dumps(value):
    return json.dumps(value, **_WIRE)


# JSON. MicroPython's own parser accepts "[1 2]", "[1,]", "01", "1e400" and raw
# control characters, so this one reads RFC 8259 and nothing else. It does not
# recurse, and the last of several equal names counts.


class NotJson(Exception):
    """The text is not JSON; the argument is the reason of the error."""


def _skip(b, at):
    while at < len(b) and b[at] in b" \t\n\r":
        at += 1
    return at


def parse_json(b):
    """Parses bytes that are valid UTF-8. Raises NotJson."""
    try:
        return _value(b)
    except (IndexError, ValueError):
        raise NotJson("not_json")


def _value(b):
    stack = []
    top = key = None  # the open object or array, and the name within an object
    at = 0
    while True:
        at = _skip(b, at)
        c = b[at]
        if c == 0x7B or c == 0x5B:
            if len(stack) >= 16:
                raise NotJson("nested_too_deeply")
            at = _skip(b, at + 1)
            value = {} if c == 0x7B else []
            if b[at] == c + 2:
                at += 1
            else:
                stack.append((top, key))
                top = value
                if c == 0x7B:
                    key, at = _name(b, at)
                continue
        elif c == 0x22:
            value, at = _string(b, at + 1)
        elif c == 0x2D or 0x30 <= c <= 0x39:
            value, at = _parse_number(b, at)
        else:
            for word, value in ((b"true", True), (b"false", False), (b"null", None)):
                if b[at : at + len(word)] == word:
                    at += len(word)
                    break
            else:
                raise ValueError
        while True:
            at = _skip(b, at)
            if not stack:
                if at != len(b):
                    raise ValueError
                return value
            is_list = type(top) is list
            if is_list:
                top.append(value)
            else:
                top[key] = value
            c = b[at]
            at += 1
            if c == 0x2C:
                if not is_list:
                    key, at = _name(b, _skip(b, at))
                break
            if c != (0x5D if is_list else 0x7D):
                raise ValueError
            value = top
            top, key = stack.pop()


def _name(b, at):
    if b[at] != 0x22:
        raise ValueError
    name, at = _string(b, at + 1)
    at = _skip(b, at)
    if b[at] != 0x3A:
        raise ValueError
    return name, at + 1


_ESCAPES = {
    0x22: b'"',
    0x5C: b"\\",
    0x2F: b"/",
    0x62: b"\b",
    0x66: b"\f",
    0x6E: b"\n",
    0x72: b"\r",
    0x74: b"\t",
}


def _string(b, at):
    end = b.find(b'"', at)
    escape = b.find(b"\\", at, end)
    if end >= 0 and escape < 0:
        part = b[at:end]
        if part and min(part) < 0x20:
            raise ValueError
        return str(part, "utf-8"), end + 1
    text = bytearray()
    while True:
        c = b[at]
        at += 1
        if c == 0x22:
            return str(text, "utf-8"), at
        if c < 0x20:
            raise ValueError
        if c != 0x5C:
            text.append(c)
            continue
        c = b[at]
        at += 1
        if c != 0x75:
            if c not in _ESCAPES:
                raise ValueError
            text.extend(_ESCAPES[c])
            continue
        code = _hex4(b, at)
        at += 4
        if 0xD800 <= code < 0xDC00 and b[at] == 0x5C and b[at + 1] == 0x75:
            low = _hex4(b, at + 2)
            at += 6
            if not 0xDC00 <= low < 0xE000:
                raise ValueError
            code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
        if 0xD800 <= code < 0xE000:
            raise ValueError  # half of a pair
        text.extend(chr(code).encode())


def _hex4(b, at):
    digits = b[at : at + 4]
    if len(digits) != 4:
        raise ValueError
    for c in digits:
        if c not in b"0123456789abcdefABCDEF":
            raise ValueError
    return int(digits, 16)


def _digits(b, at):
    start = at
    while at < len(b) and 0x30 <= b[at] <= 0x39:
        at += 1
    if at == start:
        raise ValueError
    return at


# What a 64-bit float holds, as digits: 0.17976931348623158079… * 10^309.
_LARGEST = "17976931348623158079"


def _parse_number(b, at):
    start = at
    if b[at] == 0x2D:
        at += 1
    whole = at
    at = at + 1 if b[at] == 0x30 else _digits(b, at)
    digits = str(b[whole:at], "utf-8")
    point, exponent, is_int = len(digits), 0, True
    if b[at : at + 1] == b".":
        end = _digits(b, at + 1)
        digits += str(b[at + 1 : end], "utf-8")
        at, is_int = end, False
    if b[at : at + 1] in (b"e", b"E"):
        sign = b[at + 1] if b[at + 1] in b"+-" else 0
        at += 2 if sign else 1
        end = _digits(b, at)
        # More digits than any number needs, but few enough to compute with.
        exponent = min(int(str(b[at:end], "utf-8").lstrip("0")[:6] or "0"), 99999)
        exponent = -exponent if sign == 0x2D else exponent
        at, is_int = end, False
    # A chip's floats may have 32 bits, so that "1e400" is told from "1e39" by
    # its digits.
    significant = digits.lstrip("0")
    if significant:
        exponent += point - (len(digits) - len(significant))
        if exponent > 309 or (exponent == 309 and significant >= _LARGEST):
            raise ValueError
    text = str(b[start:at], "utf-8")
    if is_int:
        return int(text), at
    value = float(text)
    if value in (float("inf"), float("-inf")):
        value = -(10**40) if value < 0 else 10**40  # out of any range here
    return value, at


class Utf8:
    """Checks UTF-8 (RFC 3629) piece by piece. `ok` returns False at the first
    byte that cannot be part of it; `complete` is whether no character is open.
    """

    # MicroPython's own check accepts overlong forms and surrogates.

    def __init__(self):
        self.open, self.low, self.high = 0, 0x80, 0xBF

    def complete(self):
        return not self.open

    def ok(self, piece):
        if not self.open:
            try:
                if len(str(piece, "utf-8")) == len(piece):
                    return True  # only ASCII
            except UnicodeError:
                pass
        for c in piece:
            if self.open:
                if not self.low <= c <= self.high:
                    return False
                self.open, self.low, self.high = self.open - 1, 0x80, 0xBF
            elif c >= 0x80:
                if not 0xC2 <= c <= 0xF4:
                    return False
                self.open = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
                self.low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
                self.high = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
        return True


def _is_utf8(text):
    check = Utf8()
    return check.ok(text) and check.complete()


# Values


def _is_number(value):
    return type(value) is int or type(value) is float


def _whole(value):
    """The whole number that `value` is, also as 60.0; None if it is a
    fraction or not a number."""
    if type(value) is int:
        return value
    if type(value) is float and value == int(value):
        return int(value)
    return None


def _tidy(value):
    """A number as it is sent: whole numbers without a fraction. What is not
    finite is None, unknown."""
    if type(value) is float:
        if value != value or value in (float("inf"), float("-inf")):
            return None
        if abs(value) < 1e15 and value == int(value):
            return int(value)
    return value


def _clean(text):
    """A text with spaces for its control characters."""
    return "".join([" " if c < " " or "\x7f" <= c < "\xa0" else c for c in text])


def _clip(text, most=40):
    """A client's text for a message: short and without control characters."""
    clean = _clean(text[:most])
    return clean + "…" if len(text) > most else clean


def _shown(value):
    return _clip(_dumps(value))


def _cut(text, most):
    """At most `most` bytes of UTF-8; what is longer ends with "…"."""
    b = text.encode()
    if len(b) <= most:
        return text
    end = most - 3
    while b[end] & 0xC0 == 0x80:
        end -= 1
    return str(b[:end], "utf-8") + "…"


def _size(text):
    """The bytes of a text as it is sent."""
    return len(text if type(text) is bytes else text.encode())


def _rounded(value, decimals):
    """Large floats become infinite while they are rounded: they stay as they
    are."""
    rounded = round(value, decimals)
    return value if rounded in (float("inf"), float("-inf")) else rounded


def _bool(field, value):
    if type(value) is not bool:
        raise _invalid("wrong_type", "%s is true or false, not %s" % (field, _shown(value)))
    return value


def _ranged(field, value, least, most, unit=""):
    number = _whole(value)
    accepted = "%s is a whole number from %d" % (field, least)
    if most is not None:
        accepted += " to %d%s" % (most, unit)
    if not _is_number(value):
        raise _invalid("wrong_type", "%s, not %s" % (accepted, _shown(value)))
    if number is None or number < least or (most is not None and number > most):
        raise _invalid("out_of_range", "%s, not %s" % (accepted, _shown(value)))
    return number


def _one_of(field, value, words):
    if type(value) is str and value in words:
        return value
    reason = "not_an_option" if type(value) is str else "wrong_type"
    listed = ", ".join([_dumps(word) for word in words])
    raise _invalid(reason, "%s is one of %s, not %s" % (field, listed, _shown(value)))


def _line(field, value, least, most):
    if type(value) is not str:
        raise _invalid("wrong_type", "%s is a text, not %s" % (field, _shown(value)))
    size = len(value.encode())
    if not least <= size <= most:
        raise _invalid(
            "out_of_range", "%s has %d to %d bytes of UTF-8, not %d" % (field, least, most, size)
        )
    if _clean(value) != value:
        raise _invalid(
            "control_character", "%s is one line of text without control characters" % field
        )
    return value


# Components

_ON_THE_WIRE = {
    "unit": "unit_of_measurement",
    "decimals": "accuracy_decimals",
    "category": "entity_category",
}


class Component:
    """A component of a board. `name` is for display. Further keywords describe
    it as in docs/protocol.md, "Components": `device_class`, `icon`,
    `state_class`, `unit` (unit_of_measurement), `decimals`
    (accuracy_decimals), `category` (entity_category)."""

    kind = ""
    is_output = False  # whether controllers set it, and it is kept in `store`
    _fields = ()

    def __init__(self, name, state, about):
        self.name, self._about, self._state = name, about, state
        self._handler = self._board = None
        self._busy = False
        self.key = None  # "light:0", given by the board

    def changed(self, handler):
        """Decorator: calls `handler(component)` with the new state before a
        change counts. If it raises Refused, the state stays as it was."""
        self._handler = handler
        return handler

    def _describe(self):
        about = OrderedDict((("key", self.key), ("kind", self.kind), ("name", self.name)))
        for name, value in self._about.items():
            about[_ON_THE_WIRE.get(name, name)] = value
        return about

    def _check(self, field, value):
        return value

    def _accept(self, change):
        return {
            field: None if value is None else self._check(field, value)
            for field, value in change.items()
        }

    def _set(self, change):
        change = self._accept(change)
        if self._board is None:
            self._state.update(change)
        else:
            self._board._change(self, change)


def _property(field):
    return property(lambda self: self._state[field], lambda self, value: self._set({field: value}))


class _OnOff(Component):
    _fields = ("on",)
    on = _property("on")

    def _check(self, field, value):
        return _bool("on", value)


class Switch(_OnOff):
    """A switch: `on`."""

    kind = "switch"
    is_output = True

    def __init__(self, name="Switch", on=False, **about):
        super().__init__(name, {"on": on}, about)


class BinarySensor(_OnOff):
    """A sensor with two states: assign `on`."""

    kind = "binary_sensor"

    def __init__(self, name="Binary sensor", on=None, **about):
        super().__init__(name, {"on": on}, about)


class Light(Component):
    """A light: `on`, and what it is given of `brightness` (0 to 100 %), `rgb`
    (three numbers, or True if there is no color yet), `ct_k` (kelvin, within
    `ct_range`), `white` (0 to 255), `effect` (one of `effects`) and `palette`
    (one of `palettes`)."""

    kind = "light"
    is_output = True
    _fields = ("on", "brightness", "rgb", "ct_k", "white", "effect", "palette")
    on, brightness, rgb, ct_k, white, effect, palette = map(_property, _fields)

    def __init__(
        self, name="Light", on=False, brightness=None, rgb=None, ct_k=None, white=None,
        effect=None, palette=None, ct_range=(2000, 6500), effects=(), palettes=(), **about
    ):  # fmt: skip
        self._range, self._effects, self._palettes = ct_range, effects, palettes
        caps, state = {}, {"on": on}
        if brightness is not None:
            state["brightness"], caps["brightness"] = brightness, True
        if rgb is not None:
            state["rgb"], caps["rgb"] = None if rgb is True or ct_k is not None else list(rgb), True
        if ct_k is not None:
            state["ct_k"], caps["ct_k"] = ct_k, list(ct_range)
        if white is not None:
            state["white"], caps["white"] = white, True
        if effects:
            state["effect"], caps["effects"] = effect or effects[0], list(effects)
        if palettes:
            state["palette"], caps["palettes"] = palette or palettes[0], list(palettes)
        if caps:
            about["caps"] = caps
        super().__init__(name, state, about)

    def _check(self, field, value):
        has = field in self._state
        if field == "on":
            return _bool(field, value)
        if field in ("effect", "palette"):
            if type(value) is not str or has:
                return _one_of(field, value, self._effects if field == "effect" else self._palettes)
        elif field == "rgb":
            if type(value) not in (list, tuple) or not all(_is_number(part) for part in value):
                raise _invalid(
                    "wrong_type", "rgb is a list of three numbers, not %s" % _shown(value)
                )
        elif not _is_number(value):
            raise _invalid("wrong_type", "%s is a whole number, not %s" % (field, _shown(value)))
        if not has:
            mine = ", ".join([f for f in self._fields if f in self._state])
            raise _invalid("not_supported", "%s has no %s; it has %s" % (self.key, field, mine))
        if field == "rgb":
            parts = [_whole(part) for part in value]
            if len(parts) != 3 or not all(part is not None and 0 <= part <= 255 for part in parts):
                raise _invalid(
                    "out_of_range",
                    "rgb is red, green and blue, 0 to 255 each, not %s" % _shown(value),
                )
            return parts
        if field == "ct_k":
            return _ranged(field, value, self._range[0], self._range[1], " K")
        return _ranged(field, value, 0, 100 if field == "brightness" else 255)

    def _accept(self, change):
        change = super()._accept(change)
        # It shows a color or a color temperature; if both are set, the color.
        if "rgb" in self._state and "ct_k" in self._state:
            if change.get("rgb") is not None:
                change["ct_k"] = None
            elif change.get("ct_k") is not None:
                change["rgb"] = None
        return change


class Cover(Component):
    """A cover whose motor takes `seconds` from closed to open. The board
    computes the `position` (0 % is closed) from the time; `changed` is called
    when `state` changes: "opening", "closing", and "open" or "closed" at rest.
    Without `position` it starts closed. Assign `position` to correct it; a
    movement continues from there."""

    kind = "cover"
    _fields = ("state", "position")
    state, position = _property("state"), _property("position")

    def __init__(self, name="Cover", position=0, seconds=10, **about):
        if seconds <= 0:
            raise ValueError("a cover needs seconds > 0")
        about["caps"] = {"position": True}
        self._at, self._to, self._since, self._ms = position, None, 0, int(seconds * 1000) or 1
        super().__init__(
            name, {"state": "open" if position else "closed", "position": position}, about
        )

    def _check(self, field, value):
        if field == "state":
            return _one_of(field, value, ("open", "opening", "closed", "closing", "stopped"))
        return _ranged(field, value, 0, 100, " %")

    def _set(self, change):
        super()._set(change)
        if change.get("position") is not None:
            self._at = self._state["position"]
            if self._state["state"] not in ("opening", "closing"):
                self._to = None
            elif self._board:
                self._since = self._board.now()

    def _advance(self, now):
        """The state now. While it moves, the position follows from the time."""
        if self._to is not None:
            way = 100 * (now - self._since) / self._ms
            if abs(self._to - self._at) <= way:
                self._at, self._to = self._to, None
            else:
                self._at += way if self._to > self._at else -way
        self._since = now
        if self._to is None:
            word = "open" if self._at > 0 else "closed"
        else:
            word = "opening" if self._to > self._at else "closing"
        return {"state": word, "position": int(self._at + 0.5)}

    def _move(self, now, to):
        before = self._advance(now)
        at = self._to
        self._to = to
        try:
            self._board._change(self, self._advance(now))
        except Refused:
            self._to = at
            self._board._change(self, before, False)
            raise


class Sensor(Component):
    """A sensor: assign `value`, a number; None is unknown. It is rounded to
    `decimals`."""

    kind = "sensor"
    _fields = ("value",)
    value = _property("value")

    def __init__(self, name="Sensor", value=None, **about):
        super().__init__(name, {"value": None}, about)
        self.value = value

    def _check(self, field, value):
        if not _is_number(value):
            raise _invalid("wrong_type", "value is a number, not %s" % _shown(value))
        value = _tidy(value)
        return value if value is None else _tidy(_rounded(value, self._about.get("decimals", 9)))


class Number(Component):
    """A number that controllers set: `value` from `min` to `max`."""

    kind = "number"
    is_output = True
    _fields = ("value",)
    value = _property("value")

    def __init__(self, name="Number", value=0, min=0, max=100, step=1, **about):
        if not (min < max and step > 0):
            raise ValueError("a number needs min < max and step > 0")
        super().__init__(name, {"value": value, "min": min, "max": max, "step": step}, about)

    def _check(self, field, value):
        least, most, step = self._state["min"], self._state["max"], self._state["step"]
        if not _is_number(value):
            raise _invalid("wrong_type", "value is a number, not %s" % _shown(value))
        if not least <= value <= most:
            raise _invalid(
                "out_of_range", "value is %s to %s, not %s" % (least, most, _shown(value))
            )
        try:
            exact = least + round((value - least) / step) * step
        except OverflowError:  # more steps than a number of this chip counts
            exact = value
        decimals = 0
        while decimals < 9 and (round(step, decimals) != step or round(least, decimals) != least):
            decimals += 1
        # The last step may exceed `max` if the range is not a multiple of it;
        # 3 * 0.1 exceeds 0.3 only until it is rounded.
        if exact > most and _rounded(exact, decimals) > most:
            exact -= step
        return _tidy(_rounded(exact, decimals))


class Select(Component):
    """A choice: `value` is one of `options`."""

    kind = "select"
    is_output = True
    _fields = ("value",)
    value = _property("value")

    def __init__(self, name="Select", options=(), value=None, **about):
        if not options:
            raise ValueError("a select needs options")
        super().__init__(name, {"value": value or options[0], "options": list(options)}, about)

    def _check(self, field, value):
        return _one_of(field, value, self._state["options"])


class TextSensor(Component):
    """A sensor whose `value` is one line of text."""

    kind = "text_sensor"
    _fields = ("value",)
    value = _property("value")

    def __init__(self, name="Text", value="", **about):
        super().__init__(name, {"value": value}, about)

    def _check(self, field, value):
        return _line("value", value, 0, 255)


class Text(TextSensor):
    """A line of text that controllers set: `value`."""

    kind = "text"
    is_output = True


class Button(Component):
    """A button. `press()` says that it was pressed at the board. With `pin`, a
    machine.Pin that is 0 while the button is held, the board watches it."""

    kind = "button"
    _EVENTS = ("press", "double_press", "long_press")

    def __init__(self, name="Button", pin=None, **about):
        super().__init__(name, None, about)
        self._pin = pin

    async def _watch(self):
        held = 0
        while True:
            await asyncio.sleep_ms(20)
            # Two equal readings: contacts bounce for some milliseconds.
            level = self._board._continued(self._pin)
            if level is None:
                await asyncio.sleep_ms(1000)
            held = 0 if level or level is None else held + 1
            if held == 2:
                self._board._continued(self.press)

    def pressed(self, handler):
        """Decorator: calls `handler(event)` when the button is pressed, at the
        board or by a controller; `event` is "press", "double_press" or
        "long_press"."""
        self._handler = handler
        return handler

    def press(self, event="press"):
        self._board._press(self, _one_of("event", event, self._EVENTS), "physical")


class Event(Component):
    """Reports events without a state: `fire("ring")`, one of `types`."""

    kind = "event"

    def __init__(self, name="Event", types=(), **about):
        about["event_types"] = list(types)
        super().__init__(name, None, about)

    def fire(self, event):
        self._board._fire(
            self.key, _one_of("event", event, self._about["event_types"]), self._board._source
        )


# The log


class _Log:
    """The last 4 KiB of lines, and where its readers are. A reader is a client
    with `level`, and `passed`, the lines of its level before its position."""

    def __init__(self):
        self.lines = []  # (uptime_ms, level, message)
        self.bytes = 0
        self.dropped = [0, 0, 0, 0]  # lines of each level that left the ring

    def add(self, now, level, message):
        message = _cut(_clean(message), _LOG_LINE)
        self.lines.append((now, level, message))
        self.bytes += _size(message) + 32
        while self.bytes > _LOG_KEPT:
            _, level, message = self.lines.pop(0)
            self.bytes -= _size(message) + 32
            self.dropped[level] += 1

    def gone(self, level):
        return sum(self.dropped[: level + 1])

    def unread(self, reader):
        skip = max(reader.passed - self.gone(reader.level), 0)
        for line in self.lines:
            if line[1] <= reader.level:
                if skip:
                    skip -= 1
                else:
                    yield line

    def lost(self, reader):
        """Counts the lines that the reader missed, and forgets them."""
        lost = max(self.gone(reader.level) - reader.passed, 0)
        reader.passed += lost
        reader.lost += lost
        return lost


# One connection


class _Violation(Exception):
    """The client broke RFC 6455: closed with `code`."""

    def __init__(self, code, reason):
        self.code, self.reason = code, reason


# What a connection is doing: nothing that may be interrupted, waiting for
# another request, for its first one, or for the rest of one.
_KEPT = const(0)
_IDLE = const(1)
_SILENT = const(2)
_REQUESTED = const(3)


class _Link:
    """A connection: its socket, its bytes that were received and not used yet,
    and the time by which what it does has to be done."""

    def __init__(self, stream, address, now):
        self.stream, self.address = stream, address
        self.buffer = bytearray(_CHUNK)
        self.view = memoryview(self.buffer)
        self.at = self.end = 0
        self.stage, self.since = _SILENT, now
        self.deadline = self.task = None

    async def more(self):
        """Reads at least one byte. EOFError: the other side has closed."""
        if self.at == self.end:
            self.at = self.end = 0
        elif self.end == len(self.buffer):
            rest = bytes(self.view[self.at : self.end])
            self.buffer[: len(rest)] = rest
            self.at, self.end = 0, len(rest)
        while True:
            count = await self.stream.readinto(self.view[self.end :])
            if count is not None:
                break
        if not count:
            raise EOFError
        self.end += count

    async def need(self, count):
        while self.end - self.at < count:
            await self.more()

    def take(self, most):
        """Up to `most` of the bytes that have arrived."""
        end = min(self.end, self.at + most)
        piece = bytes(self.view[self.at : end])
        self.at = end
        return piece

    async def send(self, data):
        self.stream.write(data)
        await self.stream.drain()

    async def linger(self, quiet):
        """Discards what the client still sends, so that closing does not
        destroy what was sent to it; until it is quiet for some ms."""
        start = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start) < 2000:
            try:
                await asyncio.wait_for_ms(self._discard(), quiet)
            except (asyncio.TimeoutError, EOFError, OSError):
                return

    async def _discard(self):
        for _ in range(64):
            self.at = self.end = 0
            await self.more()


def _unmask(piece, mask, phase):
    """Whole numbers of any size are faster here than a loop over bytes."""
    count = len(piece)
    mask = (mask[phase:] + mask[:phase]) * (count // 4 + 1)
    number = int.from_bytes(piece, "little") ^ int.from_bytes(mask[:count], "little")
    return number.to_bytes(count, "little")


def _frame(opcode, payload):
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, size))
    elif size < 65536:
        head = bytes((0x80 | opcode, 126, size >> 8, size & 0xFF))
    else:
        head = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return head + payload


def _close_frame(code, reason):
    return _frame(8, b"" if code is None else code.to_bytes(2, "big") + reason.encode())


_GOING_DOWN = (1012, "restarting")
_TOO_SLOW = (1013, "too slow")


class _Client:
    """A WebSocket: its queue, and when it is pinged or disconnected. `kind` is
    "rpc", "log" or "echo"."""

    def __init__(self, board, link, kind, number, now):
        self.board, self.link, self.kind, self.number = board, link, kind, number
        self.since = self.heard = now
        self.next_ping = now + 20000
        self.pong_ms = None
        self.queue = []  # texts; frames; and (seq, rest) of a NotifyStatus
        self.merged = None  # changes that found the queue full, and their source
        self.subscribed, self.sent = False, 0
        self.pong, self.ping = None, False
        self.closing, self.done = None, False
        self.level, self.passed, self.lost = None, 0, 0  # its reading of the log
        self.deadline = None  # by which a write has to be finished
        self.wakes, self.room = asyncio.Event(), asyncio.Event()

    def is_full(self):
        return len(self.queue) >= _QUEUED

    async def has_room(self, messages):
        while len(self.queue) + messages > _QUEUED and not self.closing:
            self.room.clear()
            await self.room.wait()

    def put(self, item):
        """Queues an answer or an event; a client that is too slow is closed."""
        if self.closing or self.done:
            return
        if self.is_full():
            self.shut(*_TOO_SLOW)
        else:
            self.queue.append(item)
            self.wakes.set()

    def put_status(self, item, changes, source):
        if self.closing or self.done:
            return
        if not self.is_full():
            self.queue.append(item)
            self.wakes.set()
            return
        if self.merged is None:
            self.merged = [{}, source]
        elif self.merged[1] != source:
            self.merged[1] = None
        _merge(self.merged[0], changes)

    def shut(self, code, reason):
        """Closes at once; what is queued is not sent."""
        if not self.done:
            self.queue.clear()
            self.merged = None
            self.closing = (code, reason)
            self.room.set()
            self.wakes.set()

    def read_log(self, level):
        self.level, self.lost = level, 0
        self.passed = 0 if level is None else self.board._log.gone(level)
        self.wakes.set()

    def take(self):
        """The frames to write next, about 1 KiB, and whether they are the
        last."""
        frames, size = [], 0
        while size < 1024:
            if self.pong is not None:
                frame, self.pong = _frame(10, self.pong), None
            elif self.ping:
                frame, self.ping = _frame(9, b""), False
            elif self.queue:
                frame = self._encoded(self.queue.pop(0))
                if self.merged:
                    (changes, source), self.merged = self.merged, None
                    self.queue.append(self.board._status(changes, source))
            elif self.closing:
                frames.append(_close_frame(*self.closing))
                return b"".join(frames), True
            elif self.level is not None:
                text = self.board._log_message(self)
                if text is None:
                    break
                frame = _frame(1, text.encode())
            else:
                break
            frames.append(frame)
            size += len(frame)
        return (frames[0] if len(frames) == 1 else b"".join(frames)), False

    def _encoded(self, item):
        if type(item) is tuple:
            seq, rest = item
            text = '{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"%s","prev":%d%s' % (
                self.board.epoch,
                self.sent,
                rest,
            )
            self.sent = seq
            return _frame(1, text.encode())
        return _frame(1, item.encode()) if type(item) is str else item

    async def write(self):
        """Writes what is queued, until a close frame was written."""
        last = False
        try:
            while not last:
                await self.wakes.wait()
                self.wakes.clear()
                while not last:
                    data, last = self.take()
                    if not data:
                        break
                    self.deadline = self.board.now() + 60000
                    await self.link.send(data)
                    self.deadline = None
                    self.room.set()
            # The client answers with its own close frame.
            self.link.deadline = self.board.now() + 1000
        except (OSError, MemoryError):
            self.link.task.cancel()
        self.done = True

    async def message(self, limit):
        """The next message as (opcode, bytes); of a close frame (8, code)."""
        link = self.link
        kind, message, utf8 = 0, None, None
        while True:
            await link.need(2)
            first, size = link.buffer[link.at], link.buffer[link.at + 1]
            link.at += 2
            opcode, is_last = first & 15, first & 0x80
            if first & 0x70:
                raise _Violation(1002, "no extension was agreed")
            if not size & 0x80:
                raise _Violation(1002, "a client masks its frames")
            size &= 0x7F
            if opcode >= 8:
                if opcode > 10 or not is_last or size > 125:
                    raise _Violation(1002, "not a control frame")
            elif opcode > 2 or (opcode == 0) != (message is not None):
                raise _Violation(1002, "not the next frame of a message")
            if size >= 126:
                width = 2 if size == 126 else 8
                await link.need(width)
                size = int.from_bytes(link.take(width), "big")
            if opcode < 8 and size + len(message or b"") > limit:
                raise _Violation(1009, "at most %d bytes in a message" % limit)
            await link.need(4)
            mask = link.take(4)
            if opcode and opcode < 8:
                kind, message = opcode, bytearray()
                utf8 = Utf8() if opcode == 1 else None
            into = message if opcode < 8 else bytearray()
            done = 0
            while done < size:
                await link.need(1)
                piece = _unmask(link.take(size - done), mask, done & 3)
                done += len(piece)
                if opcode < 8 and utf8 and not utf8.ok(piece):
                    raise _Violation(1007, "not UTF-8")
                into.extend(piece)
            self.heard = self.board.now()
            self.next_ping = self.heard + 20000
            if opcode == 9:
                self.pong = into
                self.wakes.set()
                await asyncio.sleep_ms(0)  # each ping has its pong if it can be written
            elif opcode == 10:
                self.pong_ms = self.heard
            elif opcode == 8:
                return 8, _close_code(bytes(into))
            elif is_last:
                if utf8 and not utf8.complete():
                    raise _Violation(1007, "not UTF-8")
                return kind, bytes(message)


def _close_code(payload):
    if not payload:
        return None
    code = int.from_bytes(payload[:2], "big")
    known = 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999
    if len(payload) == 1 or not known:
        raise _Violation(1002, "not a close code")
    if not _is_utf8(payload[2:]):
        raise _Violation(1007, "not UTF-8")
    return code


def _merge(into, changes):
    for key, fields in changes.items():
        into.setdefault(key, {}).update(fields)


# HTTP (RFC 9112)


class _Request:
    """The head of a request. ValueError: it is malformed; `status` says how."""

    def __init__(self, head):
        self.status = 400
        lines = head.split(b"\r\n")
        for line in lines:
            if b"\n" in line or b"\r" in line or b"\0" in line:
                raise ValueError(400)
        parts = lines[0].split(b" ")
        if (
            len(parts) != 3
            or parts[2] not in (b"HTTP/1.1", b"HTTP/1.0")
            or not _is_token(parts[0])
            or not parts[1]
        ):
            raise ValueError(400)
        self.method = str(parts[0], "utf-8")
        self.is_11 = parts[2] == b"HTTP/1.1"
        if len(lines) > _FIELDS + 3:  # the request line, and two empty ones at the end
            raise ValueError(431)
        self.fields = {}
        for line in lines[1:-2]:
            name, colon, value = line.partition(b":")
            if not colon or not _is_token(name):
                raise ValueError(400)
            self.fields.setdefault(str(name, "utf-8").lower(), []).append(value.strip(b" \t"))
        self.host = self._host()
        target = str(parts[1], "utf-8").split("#")[0]
        scheme, separator, rest = target.partition("://")
        if separator and not target.startswith("/"):
            # RFC 9112, section 3.2.2: a whole URL, whose host takes precedence.
            # One of another scheme names no board.
            ends = [at for at in (rest.find("/"), rest.find("?")) if at >= 0] or [len(rest)]
            if scheme.lower() in ("http", "ws"):
                self.host, target = rest[: min(ends)], rest[min(ends) :]
            else:
                self.host, target = target, "/"
        self.path, _, self.query = target.partition("?")
        self.path = self.path or "/"
        self.length = self._length()
        self.is_upgrade = (
            self.is_11
            and self.method == "GET"
            and "upgrade" in self.tokens("connection")
            and "websocket" in self.tokens("upgrade")
        )
        self.keep = self.is_11 and "close" not in self.tokens("connection")

    def _host(self):
        hosts = self.fields.get("host", ())
        if len(hosts) == 1 and _is_utf8(hosts[0]):
            return str(hosts[0], "utf-8")
        if hosts or self.is_11:
            raise ValueError(400)
        return None

    def _length(self):
        """The body's length; None: it has no body; -1: in an encoding."""
        lengths = self.fields.get("content-length", ())
        if lengths and (len(lengths) > 1 or not lengths[0].isdigit()):
            raise ValueError(400)
        if "transfer-encoding" in self.fields:
            return -1
        if not lengths:
            return None
        return int(str(lengths[0], "utf-8")) if len(lengths[0]) < 16 else 1 << 48

    def tokens(self, name, lower=True):
        tokens = []
        for value in self.fields.get(name, ()):
            for token in value.split(b","):
                token = token.strip(b" \t")
                if token:
                    token = str(token, "utf-8") if _is_utf8(token) else "?"
                    tokens.append(token.lower() if lower else token)
        return tokens

    def once(self, name):
        values = self.fields.get(name, ())
        return str(values[0], "utf-8") if len(values) == 1 and _is_utf8(values[0]) else ""


def _is_token(name):
    for c in name:
        if not 0x21 <= c <= 0x7E or c in b'"(),/:;<=>?@[\\]{}':
            return False
    return len(name) > 0


def _split_port(authority):
    """(host, port or None). ValueError: not such a text."""
    end = authority.index("]") + 1 if authority.startswith("[") else authority.find(":")
    end = len(authority) if end < 0 else end
    host, rest = authority[:end], authority[end:]
    if rest not in ("", ":") and not (rest[0] == ":" and rest[1:].isdigit()):
        raise ValueError
    return host, int(rest[1:]) if len(rest) > 1 else None


def _is_ipv4(host):
    parts = host.split(".")
    return len(parts) == 4 and all(
        part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts
    )


def _is_host_of(host, board_id):
    """Whether `Host` names a board: a stranger can point any other name at any
    address (DNS rebinding)."""
    try:
        host, _ = _split_port(host.lower())
    except ValueError:
        return False
    if host.startswith("["):
        inner = host[1:-1].split("%")[0]
        return ":" in inner and all(c in "0123456789abcdef:." for c in inner)
    name = host[:-1] if host.endswith(".") else host
    return (
        _is_ipv4(host)
        or name in ("localhost", board_id)
        or (name.endswith(".local") and len(name) > 6)
    )


def _is_own(origin, host):
    """Whether an origin is the board's own address, http only."""
    if host is None or not origin.lower().startswith("http://"):
        return False
    try:
        (theirs, port), (own, own_port) = _split_port(origin[7:].lower()), _split_port(host.lower())
    except ValueError:
        return False
    return (port or 80) == (own_port or 80) and theirs.rstrip(".") == own.rstrip(".")


_PHRASES = {
    200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type", 421: "Misdirected Request", 426: "Upgrade Required",
    431: "Request Header Fields Too Large", 503: "Service Unavailable",
}  # fmt: skip

_SENTENCES = {
    400: "This is not a request that a board can read (RFC 9112, RFC 6455).",
    404: "There is nothing here. This board has /, /rpc, /log and /ws.",
    405: "This path takes other methods.",
    408: "The request did not arrive in time.",
    411: "Send Content-Length with the request.",
    413: "A request has at most 2048 bytes.",
    415: "Send the request without Content-Encoding.",
    421: "Host must name this board: its address, localhost, a name under .local or its id.",
    426: "This is a WebSocket of version 13 (RFC 6455): request the upgrade.",
    431: "The head of a request has at most 4096 bytes and 40 fields.",
    503: "All connections of this kind are in use. Try again later.",
}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><style>body{font:16px/1.5 sans-serif;max-width:40em;margin:2em auto;padding:0 1em}
:root{color-scheme:light dark}</style></head><body><h1>%s</h1>
<p>A Switchboard board (%s) with %d components, written in MicroPython. It is open: anyone on
this network can control it.</p><p>Its control channel is <code>ws://%s/rpc</code>, its log
<code>ws://%s/log</code>.</p></body></html>
"""


def _response(
    status, body="", kind="text/plain; charset=utf-8", keep=False, fields="", head_only=False
):
    body = body.encode()
    head = "HTTP/1.1 %d %s\r\n%s" % (status, _PHRASES[status], fields)
    if status == 426:
        head += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    if status != 204:
        head += "Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, len(body))
    options = ("keep-alive" if keep else "close") + (", upgrade" if status == 426 else "")
    head += "Connection: %s\r\nCache-Control: no-store\r\n\r\n" % options
    return head.encode() + (b"" if head_only else body)


def _error(id_json, refused):
    error = OrderedDict(
        (
            ("code", refused.code),
            ("message", _cut(refused.message, _ERROR_MESSAGE)),
            ("data", {"reason": refused.reason}),
        )
    )
    return '{"jsonrpc":"2.0","id":%s,"error":%s}' % (id_json, _dumps(error))


# The board


def _unique():
    """Bytes that identify this chip, or None."""
    try:
        import machine

        return machine.unique_id()
    except (ImportError, AttributeError):
        return None


def _reset_reason():
    try:
        import machine

        cause = machine.reset_cause()
    except (ImportError, AttributeError):
        return "power_on"
    for name, word in (
        ("PWRON_RESET", "power_on"),
        ("HARD_RESET", "external"),
        ("WDT_RESET", "watchdog"),
        ("DEEPSLEEP_RESET", "deep_sleep"),
        ("SOFT_RESET", "software"),
    ):
        if getattr(machine, name, None) == cause:
            return word
    return "other"


class Board:
    """A board with these components. `run` serves it.

    - `id`: its permanent identity, 1 to 63 lowercase letters, digits and
      hyphens; by default from the chip's unique id, or from `name`.
    - `port`, `bind`: where it listens.
    - `controllers`: how many may be connected at once.
    - `store`: the file that keeps its name and its outputs; None keeps nothing.
    - `allow_origins`: origins of web pages that may control it.
    - `mdns`: whether it announces itself, as a `service` of this type.
    """

    def __init__(
        self, name, *components, id=None, mac=None, version="1.0.0", product=None, port=80,
        bind="0.0.0.0", controllers=4, store="switchboard.json", allow_origins=(), mdns=True,
        service="_switchboard._tcp.local."
    ):  # fmt: skip
        unique = _unique() or hashlib.sha256(name.encode()).digest()[:6]
        self.name = _line("name", name, 1, 63)
        self.id = id or "mp-" + str(hexlify(unique[-3:]), "utf-8")
        if not 1 <= len(self.id) <= 63 or not all(
            c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in self.id
        ):
            raise ValueError("an id has 1 to 63 lowercase letters, digits and hyphens")
        six = (
            unique[:6]
            if len(unique) >= 6 and _unique()
            else b"\x02" + hashlib.sha256(self.id.encode()).digest()[:5]
        )
        self.mac = mac or ":".join(["%02x" % b for b in six])
        self.version, self.port, self.bind, self.controllers = version, port, bind, controllers
        self.product = product or getattr(sys.implementation, "_machine", "MicroPython")
        self.allow_origins = [_origin(origin) for origin in allow_origins]
        if None in self.allow_origins:
            raise ValueError("an origin is a scheme and a host, such as http://panel.example")
        self.service = service
        self.components = components
        self.echo_limit = _ECHO
        self._store, self._dirty = store, None
        self._uptime, self._ticks = 0, time.ticks_ms()
        self._links, self._clients, self._numbers, self._sources = [], [], 0, {}
        self._refusing = 0
        self._identify = None
        self._every = []
        self._mdns = Mdns(self) if mdns else None
        self._by_key = {}
        counts = {}
        for component in components:
            number = counts.get(component.kind, 0)
            counts[component.kind] = number + 1
            component.key = "%s:%d" % (component.kind, number)
            component._board = self
            self._by_key[component.key] = component
            if component._state is not None:
                changeable = {f: v for f, v in component._state.items() if f in component._fields}
                component._state.update(component._accept(changeable))
        self._methods = {
            "Device.GetInfo": self._get_info,
            "Device.GetComponents": self._get_components,
            "Device.GetStatus": lambda client, params, id_json: self._snapshot(client),
            "Device.Subscribe": self._subscribe,
            "Device.SetName": self._set_name,
            "Device.Identify": self._do_identify,
            "Device.Reboot": self._reboot,
            "Sys.Ping": lambda client, params, id_json: {"uptime_ms": self.now()},
            "Switch.Set": self._set_switch,
            "Switch.Toggle": self._toggle,
            "Light.Set": self._set_light,
            "Cover.Open": lambda client, params, id_json: self._move(client, params, 100),
            "Cover.Close": lambda client, params, id_json: self._move(client, params, 0),
            "Cover.Stop": lambda client, params, id_json: self._move(client, params, None),
            "Cover.Set": self._set_cover,
            "Number.Set": lambda client, params, id_json: self._set_value(
                client, params, "number", "a number"
            ),
            "Select.Set": lambda client, params, id_json: self._set_value(
                client, params, "select", "a text"
            ),
            "Text.Set": lambda client, params, id_json: self._set_value(
                client, params, "text", "a text"
            ),
            "Button.Press": self._press_remotely,
            "Log.Subscribe": self._subscribe_log,
            "Clients.List": self._list_clients,
            "Clients.Close": self._close_client,
        }
        self._start(_reset_reason())
        # Each text may become 255 bytes of quotation marks.
        texts = [c for c in components if c.kind in ("text", "text_sensor")]
        most = len(_dumps(self._snapshot(None)).encode()) + 510 * len(texts)
        if most > _OUT_OF_BOARD - 500:
            raise ValueError("the state of these components does not fit into a message")
        if self._mdns and not _ON_COMPUTER:
            try:
                self._mdns.claim()
            except (OSError, AttributeError, ImportError):
                pass  # `run` tries again, and says so

    def _start(self, reason):
        """Begins a run: what a reset loses is new."""
        self.epoch = str(hexlify(os.urandom(4)), "utf-8")
        self.seq = 0
        self._began = self._clock()
        self._log = _Log()
        self._batch = self._batch_source = self._now = None
        self._due = self._earliest = 0
        self._source = "physical"
        self._rebooting = None
        self._reason = reason
        for component in self.components:
            if component.kind == "cover":  # its motor stands still
                component._to, component._since = None, 0
                component._state.update(component._advance(0))
        self.log("started: " + reason)

    def _clock(self):
        """Milliseconds; the ticks wrap around, this does not."""
        ticks = time.ticks_ms()
        self._uptime += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._uptime

    def now(self):
        """Milliseconds since boot."""
        return self._clock() - self._began

    def identify(self, handler):
        """Decorator: calls `handler()` for Device.Identify, for example to
        blink."""
        self._identify = handler
        return handler

    def every(self, seconds):
        """Decorator: calls `handler()` every `seconds`, for example to read a
        sensor."""

        def decorate(handler):
            self._every.append((int(seconds * 1000), handler))
            return handler

        return decorate

    def log(self, message, level="info"):
        """Adds a line to the board's log. `level` is "error", "warn", "info" or
        "debug"."""
        level = _LEVELS.index(level)
        if level == 3 and not self._is_debugged():
            return
        self._log.add(self.now(), level, message)
        for client in self._clients:
            if client.level is not None and client.level >= level:
                client.wakes.set()

    def _is_debugged(self):
        """Whether anyone reads debug lines; otherwise there are none."""
        return any(client.level == 3 for client in self._clients)

    def _guarded(self, handler, *arguments):
        """Calls a handler of the program; its fault does not end the board."""
        try:
            return handler(*arguments)
        except Refused:
            raise
        except Exception as error:
            try:
                sys.print_exception(error)
                self.log("%s in a handler: %s" % (type(error).__name__, error), "error")
            except MemoryError:
                gc.collect()

    def _continued(self, handler, *arguments):
        """Calls a handler from a task that has to continue. None if it failed."""
        try:
            try:
                return self._guarded(handler, *arguments)
            except Refused as refused:
                self.log(refused.message, "warn")
        except MemoryError:
            gc.collect()

    # Changes

    def _change(self, component, change, is_refusable=True):
        """Applies what differs. Its handler may refuse it: then nothing has
        changed. What has happened already cannot be refused: then the refusal
        is only logged."""
        state = component._state
        changed = {field: value for field, value in change.items() if state.get(field) != value}
        if not changed:
            return
        before = {field: state[field] for field in changed}
        state.update(changed)
        calls = component.is_output or (component.kind == "cover" and "state" in changed)
        if calls and component._handler and not component._busy:
            component._busy = True
            call = self._guarded if is_refusable else self._continued
            try:
                call(component._handler, component)
            except Refused:
                state.update(before)
                raise
            finally:
                component._busy = False
        try:
            if component.is_output:
                self._keep()
            self._collect({component.key: {field: state[field] for field in changed}})
        except MemoryError:
            self.seq += 1
            self._resync()

    def _collect(self, changes):
        """Adds to what is pushed together: at once after what now runs, if the
        last such push is 100 ms old."""
        if self._now is not None:
            _merge(self._now, changes)
            return
        if self._batch is None:
            batch, now = {}, self.now()
            due = max(now, self._earliest)
            # MemoryError: no batch that stays
            asyncio.create_task(self._flush_later(batch, due - now))
            self._batch, self._batch_source, self._due = batch, self._source, due
        elif self._batch_source != self._source:
            self._batch_source = None
        _merge(self._batch, changes)

    async def _flush_later(self, batch, ms):
        await asyncio.sleep_ms(ms)
        if self._batch is batch:
            self._flush()

    def _flush(self):
        if self._batch is not None:
            batch, self._batch = self._batch, None
            # Counted from when it was due: a late task must not postpone all
            # batches that follow.
            self._earliest = min(self._due, self.now()) + 100
            self._push(batch, self._batch_source)

    def _commit(self, source, action, *arguments):
        """Carries out an action whose changes are one push, sent at once."""
        if self._now is not None:
            return action(*arguments)
        self._flush()
        self._now, self._source = {}, source
        try:
            return action(*arguments)
        finally:
            changes, self._now, self._source = self._now, None, "physical"
            if changes:
                self._push(changes, source)

    def _push(self, changes, source):
        self.seq += 1
        item = None
        try:
            for client in self._clients:
                if client.subscribed:
                    item = item or self._status(changes, source)
                    client.put_status(item, changes, source)
        except MemoryError:
            self._resync()

    def _resync(self):
        """There is no memory to push a change, and the next push would not look
        like a gap: subscribers connect again."""
        gc.collect()
        for client in self._clients:
            if client.subscribed:
                client.shut(*_TOO_SLOW)

    def _status(self, changes, source):
        """A NotifyStatus without its head, which differs for each client."""
        rest = ',"seq":%d,"uptime_ms":%d' % (self.seq, self.now())
        if source:
            rest += ',"source":"%s"' % source
        return self.seq, rest + "," + _dumps(changes)[1:] + "}"

    def _event(self, component, event, source, extra):
        happened = {"component": component, "event": event}
        happened.update(extra)
        params = {
            "epoch": self.epoch,
            "uptime_ms": self.now(),
            "source": source,
            "events": [happened],
        }
        return _dumps({"jsonrpc": "2.0", "method": "NotifyEvent", "params": params})

    def _fire(self, component, event, source, **extra):
        self._flush()
        text = self._event(component, event, source, extra)
        for client in self._clients:
            if client.subscribed:
                client.put(text)

    def _press(self, button, event, source):
        self._commit(source, self._pressed, button, event, source)

    def _pressed(self, button, event, source):
        if button._handler:
            self._guarded(button._handler, event)
        self._fire(button.key, event, source)

    # Requests

    def answer(self, client, message):
        """The response to a message, as text; None to a notification. `client`
        is None over POST."""
        try:
            return self._answered(client, message)
        except MemoryError:
            gc.collect()
            return _error(
                "null", Refused("no_memory", "the board has no memory for this request", -32603)
            )

    def _answered(self, client, message):
        id_json = "null"
        try:
            try:
                request = parse_json(message)
            except NotJson as error:
                reason = error.args[0]
                sentence = (
                    "one JSON object is expected"
                    if reason == "not_json"
                    else "at most 16 levels are read"
                )
                raise Refused(reason, sentence, -32700)
            if type(request) is list:
                raise Refused("batch", "send one object per message", -32600)
            if type(request) is not dict:
                raise Refused("not_an_object", "a request is an object", -32600)
            if "id" in request:
                id_json = _id_json(request["id"])
            if request.get("jsonrpc") != "2.0":
                raise Refused("not_json_rpc", 'expected "jsonrpc":"2.0"', -32600)
            if type(request.get("method")) is not str:
                raise Refused("no_method", "method is a text, for example Light.Set", -32600)
        except Refused as refused:
            return _error(id_json, refused)
        is_answered = "id" in request
        method = request["method"]
        try:
            params = request.get("params", {})
            if params == []:  # websocat --jsonrpc sends this if there are none
                params = {}
            if type(params) is not dict:
                raise _invalid("params_not_by_name", 'params are an object: {"id":0,"on":true}')
            params = {name: value for name, value in params.items() if value is not None}
            result = _dumps(self._dispatch(client, method, params, id_json))
            if self._is_debugged() and method not in ("Sys.Ping", "Clients.List"):
                self.log("%s %s %s" % (_source(client), method, _shown(params)), "debug")
            text = '{"jsonrpc":"2.0","id":%s,"result":%s}' % (id_json, result)
            if len(text.encode()) > _OUT_OF_BOARD:
                raise Refused(
                    "too_large",
                    "the response would have more than %d bytes" % _OUT_OF_BOARD,
                    -32005,
                )
        except Refused as refused:
            self.log("%s %s refused: %s" % (_source(client), _clip(method), refused.message))
            text = _error(id_json, refused)
        return text if is_answered else None

    def _dispatch(self, client, method, params, id_json):
        if self._rebooting:
            raise Refused(
                "rebooting", "the board is restarting: connect again in some seconds", -32002
            )
        if method not in self._methods:
            space = method.split(".")[0] + "."
            names = [name for name in self._methods if name.startswith(space)]
            if not names:
                names = {name.split(".")[0] + ".…" for name in self._methods}
            sentence = "no method %s; this board has %s" % (_clip(method), ", ".join(sorted(names)))
            raise Refused("no_such_method", sentence, -32601)
        return self._methods[method](client, params, id_json)

    def _target(self, params, kind):
        if "id" not in params:
            raise _invalid("missing", "id is missing: the number in the component's key")
        value = params["id"]
        number = _whole(value)
        if not _is_number(value):
            raise _invalid("wrong_type", "id is a whole number, not %s" % _shown(value))
        if number is None:
            raise _invalid("out_of_range", "id is a whole number, not %s" % _shown(value))
        component = self._by_key.get("%s:%s" % (kind, number))
        if component is None:
            keys = [c.key for c in self.components if c.kind == kind][:8]
            sentence = "no %s:%s; this board has %s" % (
                kind,
                _shown(value),
                ", ".join(keys) or "no " + kind,
            )
            raise Refused("not_found", sentence, -32001)
        return component

    def _done(self, was_on=None):
        result = {"seq": self.seq}
        if was_on is not None:
            result["was_on"] = was_on
        return result

    def _command(self, client, component, change):
        was_on = component._state.get("on")
        change = component._accept(change)
        self._commit(_source(client), self._change, component, change)
        return self._done(was_on)

    def _set_switch(self, client, params, id_json):
        component = self._target(params, "switch")
        return self._command(client, component, {"on": _needed(params, "on", "true or false")})

    def _toggle(self, client, params, id_json):
        component = self._target(params, "switch")
        return self._command(client, component, {"on": not component.on})

    def _set_light(self, client, params, id_json):
        light = self._target(params, "light")
        change = OrderedDict([(field, params[field]) for field in light._fields if field in params])
        if not change:
            raise _invalid("missing", "one of %s is expected" % ", ".join(light._fields))
        if "transition_ms" in params:
            _ranged("transition_ms", params["transition_ms"], 0, 10000)
        return self._command(client, light, change)

    def _set_value(self, client, params, kind, accepted):
        component = self._target(params, kind)
        return self._command(client, component, {"value": _needed(params, "value", accepted)})

    def _set_cover(self, client, params, id_json):
        self._target(params, "cover")
        return self._move(
            client, params, _ranged("position", _needed(params, "position", "0 to 100 %"), 0, 100)
        )

    def _move(self, client, params, to):
        cover = self._target(params, "cover")
        self._commit(_source(client), cover._move, self.now(), to)
        return self._done()

    def _press_remotely(self, client, params, id_json):
        button = self._target(params, "button")
        event = _one_of("event", params.get("event", "press"), button._EVENTS)
        self._press(button, event, _source(client))
        return self._done()

    def _get_info(self, client, params, id_json):
        return {
            "id": self.id,
            "name": self.name,
            "mac": self.mac,
            "version": self.version,
            "platform": "micropython-" + sys.platform,
            "board": self.product,
            "proto": 1,
            "features": ["http_rpc", "log", "clients"],
            "epoch": self.epoch,
            "uptime_ms": self.now(),
            "reset_reason": self._reason,
        }

    def _snapshot(self, client):
        self._flush()
        status = {"epoch": self.epoch, "seq": self.seq, "uptime_ms": self.now()}
        if client:
            status["client"] = client.number
        for component in self.components:
            if component._state is not None:
                status[component.key] = component._state
        return status

    def _subscribe(self, client, params, id_json):
        if client is None:
            raise Refused(
                "needs_a_websocket", "nothing can be pushed over POST: use Device.GetStatus"
            )
        snapshot = self._snapshot(client)
        if not client.subscribed:
            client.subscribed, client.sent = True, self.seq
        return snapshot

    def _page(self, params, id_json, page, name, items):
        """As many of the items as were requested and fit."""
        offset = _ranged("offset", params.get("offset", 0), 0, None)
        limit = _ranged("limit", params.get("limit", 1 << 30), 1, None)
        page["offset"], page["total"], page[name] = offset, len(items), []
        size = len(_dumps(page)) + len(id_json.encode()) + 40
        for item in items[min(offset, len(items)) :][: min(limit, 1 << 20)]:
            item = item()
            size += len(_dumps(item).encode()) + 1
            if size > _OUT_OF_BOARD:
                break
            page[name].append(item)
        return page

    def _get_components(self, client, params, id_json):
        return self._page(params, id_json, {}, "components", [c._describe for c in self.components])

    def _set_name(self, client, params, id_json):
        name = _line("name", _needed(params, "name", "1 to 63 bytes of UTF-8"), 1, 63)
        if name != self.name:
            self.name = name
            self._keep()
            self.log("renamed %s by %s" % (_dumps(name), _source(client)))
            self._fire("sys:0", "renamed", _source(client), name=name)
            if self._mdns:
                self._mdns.announce()
        return self._done()

    def _do_identify(self, client, params, id_json):
        if self._identify:
            self._guarded(self._identify)
        return self._done()

    def _subscribe_log(self, client, params, id_json):
        if client is None:
            raise Refused("needs_a_websocket", "nothing can be pushed over POST: open /log")
        level = _one_of("level", params.get("level", "info"), _LEVELS + ("off",))
        client.read_log(None if level == "off" else _LEVELS.index(level))
        return {"level": level}

    def _log_message(self, client):
        """The next message for a reader of the log; None if it has read all."""
        if client.kind == "log":
            self._log.lost(client)
            for uptime, level, message in self._log.unread(client):
                client.passed += 1
                return "%d.%03d %-5s %s" % (uptime // 1000, uptime % 1000, _LEVELS[level], message)
            return None
        lines, size = [], 200
        for uptime, level, message in self._log.unread(client):
            line = {"uptime_ms": uptime, "level": _LEVELS[level], "message": message}
            size += len(_dumps(line).encode()) + 1
            if size > _OUT_OF_BOARD and lines:
                break
            lines.append(line)
        if not lines:
            return None
        lost = self._log.lost(client)
        client.passed += len(lines)
        params = {"epoch": self.epoch, "uptime_ms": self.now(), "lost": lost, "lines": lines}
        return _dumps({"jsonrpc": "2.0", "method": "NotifyLog", "params": params})

    def _list_clients(self, client, params, id_json):
        others = len(self._links) - len(self._clients)
        page = {"uptime_ms": self.now(), "others": max(others, 0)}
        entries = [lambda one=one: self._entry(one, one is client) for one in self._clients]
        return self._page(params, id_json, page, "clients", entries)

    def _entry(self, one, is_own):
        queued = sum(
            [_size(item[1]) + 80 if type(item) is tuple else _size(item) for item in one.queue]
        )
        entry = {"id": one.number, "kind": one.kind, "since_ms": one.since, "heard_ms": one.heard}
        entry["queued"], entry["queued_bytes"] = len(one.queue), queued
        if one.kind == "log":
            unread = [_size(line[2]) for line in self._log.unread(one)]
            entry["queued"], entry["queued_bytes"] = len(unread), sum(unread)
            if one.lost:
                entry["lost"] = one.lost
        if one.link.address:
            entry["from"] = "%s:%d" % one.link.address
        if one.pong_ms is not None:
            entry["pong_ms"] = one.pong_ms
        if is_own:
            entry["you"] = True
        return entry

    def _close_client(self, client, params, id_json):
        number = _ranged("id", _needed(params, "id", "the number of a client"), 1, None)
        if client and client.number == number:
            raise Refused("your_own", "connection %d is your own: close it yourself" % number)
        for one in self._clients:
            if one.number == number and not one.done:
                one.shut(1000, "closed by another client: Clients.Close")
                self.log("connection %d is closed by %s" % (number, _source(client)))
                return {}
        raise Refused("not_found", "no connection %s; see Clients.List" % _shown(number), -32001)

    def _reboot(self, client, params, id_json):
        self._rebooting = _source(client)
        return self._done()

    # Restarting, and what is kept without power

    def _announce_reboot(self):
        """Begins the restart that Device.Reboot requested, after its answer was
        queued."""
        if self._rebooting in (None, "told"):
            return
        asyncio.create_task(self._restart())  # MemoryError: the next request tries again
        by, self._rebooting = self._rebooting, "told"
        self._flush()
        self.log("restarting, requested by " + by)
        event = self._event("sys:0", "rebooting", by, {})
        for client in self._clients:
            if client.closing or client.done:
                continue
            if client.kind == "rpc":
                client.queue.append(event)  # by one more than the limit: it is the last
            client.closing = _GOING_DOWN
            client.room.set()
            client.wakes.set()

    async def _restart(self):
        patience = self.now() + 500
        while self._links and self.now() < patience:
            await asyncio.sleep_ms(20)
        self._continued(self._save)
        self._continued(self._end_all)
        await asyncio.sleep_ms(20)
        self.restart()

    def _end_all(self):
        for link in list(self._links):
            link.task.cancel()

    def restart(self):
        """Restarts the chip. Without one, begins a new run in this process."""
        try:
            import machine

            machine.reset()
        except (ImportError, AttributeError):
            self._start("software")
            for link in self._links:  # connected during the restart
                link.task.cancel()
            if self._mdns:
                self._mdns.announce()

    def _keep(self):
        if self._store and self._dirty is None:
            self._dirty = self.now() + 2000

    def _save(self):
        if self._dirty is None:
            return
        self._dirty = None
        kept = {"name": self.name}
        for component in self.components:
            if component.is_output:
                kept[component.key] = {
                    field: component._state[field]
                    for field in component._fields
                    if field in component._state
                }
        try:
            with open(self._store + ".new", "w") as file:
                json.dump(kept, file)
            os.rename(self._store + ".new", self._store)
        except MemoryError:
            gc.collect()
            self._keep()
        except OSError as error:
            self.log("cannot save %s: %s" % (self._store, error), "warn")

    def _load(self):
        """Restores what was kept, and sets the outputs."""
        kept = {}
        try:
            if self._store:
                with open(self._store) as file:
                    kept = json.load(file)
                self.name = _line("name", kept["name"], 1, 63)
        except (OSError, ValueError, KeyError, TypeError, Refused):
            pass
        for component in self.components:
            if not component.is_output:
                continue
            try:
                saved = {
                    f: v for f, v in kept.get(component.key, {}).items() if f in component._fields
                }
                component._state.update(component._accept(saved))
            except (AttributeError, Refused):
                pass
            if component._handler:
                component._busy = True
                try:
                    self._guarded(component._handler, component)
                except Refused as refused:
                    self.log("%s at the start: %s" % (component.key, refused.message), "warn")
                component._busy = False

    # The server

    def run(self):
        """Serves the board until the program ends."""
        asyncio.run(self.serve())

    async def serve(self, ready=None):
        """Serves the board, for programs with an asyncio loop of their own;
        calls `ready()` when it listens."""
        address = socket.getaddrinfo(self.bind, self.port)[0][-1]
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(5)
        except OSError:
            listener.close()
            raise
        self._load()
        # Before the heap is full: a collection takes milliseconds, fragments
        # stay forever.
        gc.collect()
        if hasattr(gc, "threshold"):
            gc.threshold(gc.mem_free() // 4 + gc.mem_alloc())
        asyncio.create_task(self._tick())
        for period, handler in self._every:
            asyncio.create_task(self._repeat(period, handler))
        for component in self.components:
            if component.kind == "button" and component._pin:
                asyncio.create_task(component._watch())
        if not self.service:
            self._mdns = None
        if self._mdns:
            asyncio.create_task(self._mdns.run())
        if ready:
            ready()
        await self._accept(listener)

    def goodbye(self):
        """Tells the network that the board is switched off."""
        self._save()
        if self._mdns:
            self._mdns.goodbye()

    async def _repeat(self, period, handler):
        while True:
            self._continued(handler)
            await asyncio.sleep_ms(period)

    async def _tick(self):
        seconds = halves = 0
        while True:
            await asyncio.sleep_ms(100)
            try:
                self._end_overdue(self.now())
                if self._dirty is not None and self.now() >= self._dirty:
                    self._save()
                half = self._clock() // 500
                self._move_covers(half != halves)
                halves = half
                if halves // 2 != seconds:
                    seconds = halves // 2
                    sources = self._sources.items()
                    self._sources = {ip: count // 2 for ip, count in sources if count > 1}
            except MemoryError:
                gc.collect()

    def _end_overdue(self, now):
        """Ends what has taken too long, and pings the silent."""
        for link in list(self._links):
            if link.deadline is not None and now >= link.deadline:
                link.deadline = None
                link.task.cancel()
        for client in list(self._clients):
            if client.deadline is not None and now >= client.deadline:
                client.deadline = None
                client.link.task.cancel()
            elif client.closing and client.deadline is not None:
                # What is half written may still be finished, not for long.
                client.deadline = min(client.deadline, now + 300)
            elif now >= client.heard + 60000:
                client.shut(1001, "silent for 60 s")
            elif now >= client.next_ping:
                client.ping, client.next_ping = True, now + 20000
                client.wakes.set()

    def _move_covers(self, is_due):
        """Reports where moving covers are: twice per second, and at the end."""
        for component in self.components:
            if component.kind == "cover" and component._to is not None:
                state = component._advance(self.now())
                if component._to is None or is_due:
                    self._change(component, state, False)

    # Connections

    async def _accept(self, listener):
        # Not asyncio.start_server, which ignores that a chip has no socket
        # left.
        while True:
            accepted = None
            try:
                await _readable(listener)
                accepted, address = listener.accept()
                accepted.setblocking(False)
                stream = asyncio.StreamReader(accepted)
                asyncio.create_task(self._connected(stream, _address(address)))
            except (OSError, MemoryError) as error:
                if accepted:
                    accepted.close()
                gc.collect()
                if type(error) is MemoryError or error.errno != EAGAIN:
                    try:
                        self._evict_for("")
                    except MemoryError:
                        pass
                    await asyncio.sleep_ms(20)

    async def _connected(self, stream, address):
        link = None
        try:
            _no_delay(stream.s)
            link = _Link(stream, address, self.now())
            link.task = asyncio.current_task()
            if len(self._links) < self.controllers + 4 or self._evict_for(_ip(link)):
                self._links.append(link)
                await self._serve(link)
            elif not self._refusing:
                self._refusing += 1
                try:
                    await asyncio.wait_for_ms(
                        link.send(_response(503, _SENTENCES[503] + "\n")), 1000
                    )
                    await link.linger(50)
                finally:
                    self._refusing -= 1
        except (OSError, EOFError, asyncio.CancelledError, asyncio.TimeoutError):
            pass
        except MemoryError:
            gc.collect()
        except Exception as error:
            sys.print_exception(error)
        if link in self._links:
            self._links.remove(link)
        stream.s.close()
        link = None
        gc.collect()

    def _evict_for(self, mine):
        """Ends a connection that waits for its client, for a new one (
        docs/protocol.md, "HTTP"); False if the new one has to go."""
        now, sources = self.now(), self._sources
        idle = [link for link in self._links if link.stage == _IDLE]
        victim = None
        if idle:
            victim = min(idle, key=lambda link: link.since)
        else:
            silent = [link for link in self._links if link.stage == _SILENT]
            requested = [link for link in self._links if link.stage == _REQUESTED]
            both = len(silent) + len(requested)
            share = both - max(both // 4, 1)
            candidates = requested if not silent or len(requested) > share else silent
            if not candidates:
                return False

            def burden(ip, own):
                return sources.get(ip, 0) // 8, own + sum([_ip(link) == ip for link in candidates])

            burdens = [burden(_ip(link), _ip(link) == mine) for link in candidates]
            own, most = burden(mine, 1), max(burdens)
            if own > most:
                return False
            heaviest = [link for link, one in zip(candidates, burdens) if one == most]
            held = [link for link in heaviest if own < most or now - link.since >= 60]
            if held:
                victim = held[os.urandom(1)[0] % len(held)]
            elif sum(sources.values()) >= 16 * (self.controllers + 4):
                return False
            else:
                victim = min(heaviest, key=lambda link: link.since)
        victim.stage = _KEPT
        self._links.remove(victim)
        victim.task.cancel()
        return True

    async def _serve(self, link):
        ip = _ip(link)
        if ip in self._sources or len(self._sources) < 32:
            self._sources[ip] = self._sources.get(ip, 0) + 1
        was_served = False
        while not self._rebooting or not was_served:
            self._wait(link, _IDLE if was_served else _SILENT, 30000 if was_served else 5000)
            request, status = None, 400
            try:
                head = await self._head(link, was_served)
                request = _Request(head)
            except ValueError as error:
                status = error.args[0] if error.args and type(error.args[0]) is int else 400
            except asyncio.CancelledError:
                if link.stage == _KEPT or not link.started:
                    raise
                status = 408
            if request is None:
                self._wait(link, _IDLE, 5000)
                await link.send(_response(status, _SENTENCES[status] + "\n"))
                await link.linger(50)
                return
            link.stage, link.deadline = _REQUESTED, self.now() + 5000
            response = self._route(link, request)
            if len(response) == 3:
                kind, reply, level = response
                await self._upgrade(link, kind, reply, level)
                return
            keep = request.keep and request.length in (None, 0) and not self._rebooting
            if response == "post":
                response = await self._post(link, request)
                keep = request.keep  # 408 ends the connection
            status, body, kind, fields = response
            self._wait(link, _REQUESTED, 5000)
            await link.send(
                _response(
                    status,
                    body,
                    kind,
                    keep and not self._rebooting,
                    fields,
                    request.method == "HEAD",
                )
            )
            was_served = True
            self._announce_reboot()
            if not keep:
                link.stage, link.since = _IDLE, self.now()
                await link.linger(50)
                return

    def _wait(self, link, stage, ms):
        link.stage, link.since = stage, self.now()
        link.deadline = link.since + ms

    async def _head(self, link, was_served):
        """Reads a head with its empty line. ValueError(status)."""
        head = b""
        link.started = False
        while True:
            if link.at == link.end:
                await link.more()
            if not link.started:
                link.started = True
                link.deadline = self.now() + 5000
                if was_served:
                    link.stage = _SILENT
            before = len(head)
            head += link.view[link.at : link.end]
            while head.startswith(b"\r\n"):
                head, before = head[2:], 0
            if head and head != b"\r" and not 0x21 <= head[0] <= 0x7E:
                raise ValueError(400)
            start = max(before - 2, 0)
            ends = [
                at + len(mark)
                for mark, at in [(mark, head.find(mark, start)) for mark in (b"\n\r\n", b"\n\n")]
                if at >= 0
            ]
            if ends and min(ends) <= _HEAD:
                link.at = link.end - (len(head) - min(ends))
                return head[: min(ends)]
            if len(head) >= _HEAD:
                raise ValueError(431)
            link.at, link.end = 0, 0

    def _route(self, link, request):
        """What is done with a request: a response, "post", or (kind, head,
        level) of a WebSocket."""
        method, path = request.method, request.path
        if request.host is not None and not _is_host_of(request.host, self.id):
            return _refusal(421)
        origins = request.fields.get("origin")
        if origins and (request.is_upgrade or method == "POST"):
            origin = str(origins[0], "utf-8") if len(origins) == 1 and _is_utf8(origins[0]) else ""
            if not _is_own(origin, request.host) and _origin(origin) not in self.allow_origins:
                return _json_refusal(
                    403,
                    Refused(
                        "origin_not_allowed",
                        "no web page of this origin may control this board",
                        -32006,
                    ),
                )
        if path == "/":
            if method not in ("GET", "HEAD"):
                return _refusal(405, "Allow: GET, HEAD\r\n")
            name = self.name.replace("&", "&amp;").replace("<", "&lt;")
            host = (request.host or self.id + ".local").replace("&", "&amp;").replace("<", "&lt;")
            page = _PAGE % (name, name, self.id, len(self.components), host, host)
            return 200, page, "text/html; charset=utf-8", ""
        if path == "/telemetry" and method == "GET":
            return _json_refusal(
                404, Refused("no_telemetry", "this board takes no samples", -32001)
            )
        if path not in ("/rpc", "/ws", "/log"):
            return _refusal(404)
        if path == "/rpc" and method == "POST":
            codings = request.tokens("content-encoding")
            if request.length == -1:
                return _refusal(411)
            if codings and codings != ["identity"]:
                return _refusal(415, "Accept-Encoding: identity\r\n")
            if request.length is None:
                return _refusal(411)
            return _refusal(413) if request.length > _INTO_BOARD else "post"
        if method != "GET":
            return _refusal(405, "Allow: GET, POST\r\n" if path == "/rpc" else "Allow: GET\r\n")
        if not request.is_upgrade or request.once("sec-websocket-version") != "13":
            return _refusal(426)
        key = request.once("sec-websocket-key")
        if (
            len(key) != 24
            or not key.endswith("==")
            or not _is_base64(key[:22])
            or request.length not in (None, 0)
        ):
            return _refusal(400)
        reply = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        reply += "Sec-WebSocket-Accept: "
        accept = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        reply += str(b2a_base64(accept), "utf-8").strip() + "\r\n"
        level = None
        if path == "/rpc":
            offered = request.tokens("sec-websocket-protocol", False)
            if offered and "switchboard.v1" not in offered:
                return _json_refusal(
                    400, Refused("unsupported_version", "this board speaks switchboard.v1", -32008)
                )
            if offered:
                reply += "Sec-WebSocket-Protocol: switchboard.v1\r\n"
        elif path == "/log":
            values = [
                part.partition("=")[2]
                for part in request.query.split("&")
                if part.startswith("level=")
            ] or ["info"]
            if values[0] not in _LEVELS:
                return _refusal(400)
            level = _LEVELS.index(values[0])
        kind = {"/rpc": "rpc", "/ws": "echo", "/log": "log"}[path]
        used = len(
            [client for client in self._clients if (client.kind == "rpc") == (kind == "rpc")]
        )
        if self._rebooting:
            return _json_refusal(
                503,
                Refused(
                    "rebooting", "the board is restarting: connect again in some seconds", -32002
                ),
            )
        if kind == "rpc" and used >= self.controllers:
            sentence = "the board is full: %d of %d clients; one must disconnect first" % (
                used,
                self.controllers,
            )
            return _json_refusal(503, Refused("all_places_taken", sentence, -32005))
        if kind != "rpc" and used >= 2:
            return _refusal(503)
        return kind, reply + "\r\n", level

    async def _post(self, link, request):
        if "100-continue" in request.tokens("expect") and link.at == link.end and request.is_11:
            await link.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._wait(link, _REQUESTED, 5000)
        body = b""
        try:
            while len(body) < request.length:
                await link.need(1)
                body += link.take(request.length - len(body))
        except asyncio.CancelledError:
            if link.stage == _KEPT:
                raise
            request.keep = False
            return _refusal(408)
        if not _is_utf8(body):
            return (
                200,
                _error("null", Refused("not_utf8", "the body is not UTF-8", -32700)),
                "application/json",
                "",
            )
        text = self.answer(None, body)
        return (204, "", "", "") if text is None else (200, text, "application/json", "")

    async def _upgrade(self, link, kind, reply, level):
        link.stage, link.deadline = _KEPT, self.now() + 5000
        self._numbers += 1
        client = _Client(self, link, kind, self._numbers, self.now())
        self._clients.append(client)
        writer, broken = None, False
        try:
            await link.send(reply.encode())
            link.deadline = None
            if level is not None:
                client.read_log(level)
            if kind == "rpc":
                self.log("controller %d connected" % client.number)
            writer = asyncio.create_task(client.write())
            broken = await self._channel(client)
            link.deadline = self.now() + 1000
            await writer
            link.deadline = None
        finally:
            self._clients.remove(client)
            if writer and not writer.done():
                writer.cancel()
            if kind == "rpc":
                self.log("controller %d disconnected" % client.number)
        if broken:  # its slot is free already
            link.stage, link.since = _IDLE, self.now()
            await link.linger(100)

    async def _channel(self, client):
        """Serves the messages of a WebSocket until it is closed. Whether the
        client broke its rules, and may still send."""
        limit = self.echo_limit if client.kind == "echo" else _INTO_BOARD
        while True:
            try:
                opcode, message = await client.message(limit)
                if opcode == 2 and client.kind == "rpc":
                    raise _Violation(1003, "the control channel takes JSON in text messages")
            except _Violation as violation:
                client.shut(violation.code, violation.reason)
                return True
            if opcode == 8:
                client.shut(message, "")
                return False
            if client.closing or client.done or client.kind == "log":
                continue
            await client.has_room(_QUEUED if client.kind == "echo" else _ROOM)
            if client.closing:
                continue
            if client.kind == "echo":
                client.put(_frame(opcode, message))
                continue
            text = self.answer(client, message)
            if text is not None:
                client.put(text)
            self._announce_reboot()


def _id_json(value):
    text = _dumps(value)
    ok = (
        type(value) is str
        and len(text.encode()) <= 64
        or type(value) is int
        and -(1 << 63) <= value < 1 << 63
    )
    if not ok:
        raise Refused(
            "bad_id", "id is a whole number of 64 bits or a text of at most 64 bytes", -32600
        )
    return text


def _needed(params, name, accepted):
    if name not in params:
        raise _invalid("missing", "%s is missing: %s" % (name, accepted))
    return params[name]


def _source(client):
    return "client:%d" % (client.number if client else 0)


def _refusal(status, fields=""):
    return status, _SENTENCES[status] + "\n", "text/plain; charset=utf-8", fields


def _json_refusal(status, refused):
    return status, _error("null", refused), "application/json", ""


def _is_base64(text):
    return all("a" <= c <= "z" or "A" <= c <= "Z" or "0" <= c <= "9" or c in "+/" for c in text)


def _origin(text):
    """An origin so that equal ones are equal texts; None if it is not one."""
    scheme, separator, rest = text.lower().partition("://")
    try:
        host, port = _split_port(rest)
    except ValueError:
        return None
    if not separator or not scheme or not host or "/" in rest:
        return None
    usual = {"http": 80, "https": 443}.get(scheme)
    return "%s://%s:%s" % (scheme, host, port or usual)


def _address(address):
    """(ip, port) of what `accept` returned: on the Unix port the bytes of a
    sockaddr."""
    try:
        if type(address) is tuple:
            return str(address[0]), address[1]
        family, ip, port = socket.sockaddr(address)[:3]
        return (
            ".".join([str(b) for b in ip])
            if len(ip) == 4
            else "[%s]" % str(hexlify(ip, ":"), "utf-8")
        ), port
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OSError):
        return None


def _no_delay(tcp):
    """The push and the answer of a command are not held back (RFC 896)."""
    try:
        tcp.setsockopt(getattr(socket, "IPPROTO_TCP", 6), getattr(socket, "TCP_NODELAY", 1), 1)
    except (OSError, ValueError, TypeError):
        pass


def _ip(link):
    return link.address[0] if link.address else ""


# The announcement (RFC 6762, RFC 6763): a responder for one service. It does
# not probe: its names contain the board's id, which is unique.

_GROUP = "224.0.0.251"
_PTR = const(12)
_TXT = const(16)
_A = const(1)
_SRV = const(33)
_ANY = const(255)
_FLUSH = const(0x8001)  # class IN of a record that only this board has


def _encoded(name):
    out = bytearray()
    for label in name.rstrip(".").split("."):
        label = label.encode()
        out.append(len(label))
        out.extend(label)
    out.append(0)
    return bytes(out)


def _decoded(packet, at):
    """A name in lower case, and where it ends. Pointers only go backwards, so
    that they end."""
    labels, end, limit, jumps, total = [], None, at, 0, 1
    while True:
        size = packet[at]
        if size >= 0xC0:
            end = end or at + 2
            at = (size & 0x3F) << 8 | packet[at + 1]
            jumps += 1
            if at >= limit or jumps > 16:
                raise ValueError
            limit = at
        elif size > 63:
            raise ValueError
        elif not size:
            return ".".join(labels) + ".", end or at + 1
        else:
            labels.append(str(bytes(packet[at + 1 : at + 1 + size]), "utf-8").lower())
            at += 1 + size
            total += 1 + size
            if total > 255:  # RFC 1035, section 2.3.4
                raise ValueError


def _u16(packet, at):
    return packet[at] << 8 | packet[at + 1]


class Mdns:
    """Announces a board and answers queries for it. The ESP32 port's own mDNS
    takes UDP port 5353 as soon as Wi-Fi has an address, unless `claim` was
    earlier."""

    def __init__(self, board):
        self.board = board
        self.host = board.id + ".local."
        self.socket = self.to = self.address = None
        self._sent = {}  # when records were multicast, by name and type
        self._announced = self._waiting = None

    def records(self, ttl=120):
        """(name, type, class, ttl, data) of everything that is announced."""
        board = self.board
        txt = bytearray()
        for text in (
            "txtvers=1", "id=" + board.id, "mac=" + board.mac, "friendly_name=" + board.name,
            "version=" + board.version, "platform=micropython-" + sys.platform,
            "board=" + board.product,
            "proto=1", "path=/rpc",
        ):  # fmt: skip
            text = _cut(text, 255).encode()
            txt.append(len(text))
            txt.extend(text)
        ip = _bytes_of(self.address)
        service = board.service
        instance = board.id + "." + service
        port = board.port.to_bytes(2, "big")
        return (
            (service, _PTR, 1, ttl, _encoded(instance)),
            ("_services._dns-sd._udp.local.", _PTR, 1, ttl, _encoded(service)),
            (instance, _SRV, _FLUSH, ttl, b"\0\0\0\0" + port + _encoded(self.host)),
            (instance, _TXT, _FLUSH, ttl, bytes(txt)),
            (self.host, _A, _FLUSH, ttl, ip),
        )

    def _send(self, answers, more=(), to=None, head=b"\0\0", question=b""):
        packet = (
            head
            + b"\x84\0"
            + bytes((0, 1 if question else 0, 0, len(answers), 0, 0, 0, len(more)))
            + question
        )
        for name, kind, cls, ttl, data in list(answers) + list(more):
            # A client of unicast DNS does not know the cache-flush bit.
            cls = cls & 0x7FFF if question else cls
            packet += _encoded(name) + kind.to_bytes(2, "big") + cls.to_bytes(2, "big")
            packet += (
                (min(ttl, 10) if question else ttl).to_bytes(4, "big")
                + len(data).to_bytes(2, "big")
                + data
            )
        try:
            self.socket.sendto(packet, to or self.to)
        except (OSError, AttributeError):
            pass  # the network is down: it is announced again when it is back

    def _multicast(self, answers, more=()):
        now = self.board._clock()
        for record in list(answers) + list(more):
            self._sent[record[:2]] = now
        self._send(answers, more)

    def _is_due(self, record, ms):
        """RFC 6762, section 6: whether a record was not multicast lately."""
        sent = self._sent.get(record[:2])
        return sent is None or self.board._clock() - sent >= ms

    def announce(self):
        """Announces the board at once, or a second after the last time."""
        if not self.address or self._waiting:
            return
        wait = 0 if self._announced is None else self._announced + 1000 - self.board._clock()
        if wait > 0:
            self._waiting = asyncio.create_task(self._announce_in(wait))
        else:
            self._multicast(self.records())
            self._announced = self.board._clock()

    async def _announce_in(self, ms):
        await asyncio.sleep_ms(ms)
        self._waiting = None
        self.board._continued(self.announce)

    def goodbye(self):
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None
        if self.address:
            # RFC 6762, section 10.1: a TTL of 0; not the service's own name,
            # which other boards have too.
            self._send(
                [
                    record
                    for record in self.records(0)
                    if record[1] != _PTR or record[0] == self.board.service
                ]
            )

    def claim(self):
        """Takes UDP port 5353. OSError: another program of this chip has it."""
        if not _ON_COMPUTER:
            import network

            network.WLAN(network.STA_IF)  # there are no sockets before this
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if _ON_COMPUTER:
                udp.setsockopt(socket.SOL_SOCKET, 15, 1)  # SO_REUSEPORT
            udp.bind(socket.getaddrinfo("0.0.0.0", 5353)[0][-1])
        except (OSError, MemoryError):
            udp.close()
            raise
        self.socket = udp

    def _join(self, address):
        """Receives queries on the interface with this address."""
        own, group = _bytes_of(address), _bytes_of(_GROUP)
        if _ON_COMPUTER:
            # IP_MULTICAST_IF and IP_MULTICAST_TTL, which the Unix port does not
            # name.
            self.socket.setsockopt(0, 32, own)
            self.socket.setsockopt(0, 33, 255)
        self.to = socket.getaddrinfo(_GROUP, 5353)[0][-1]
        try:
            self.socket.setsockopt(
                getattr(socket, "IPPROTO_IP", 0), socket.IP_ADD_MEMBERSHIP, group + own
            )
        except OSError:
            pass  # it is a member already, from before Wi-Fi was lost
        self.address = address

    async def run(self):
        board = self.board
        while self.socket is None:
            try:
                self.claim()
            except MemoryError:
                gc.collect()
                await asyncio.sleep_ms(500)
            except (OSError, AttributeError, ImportError) as error:
                board.log(
                    "not announced: UDP port 5353 is not free (%s); connect by address" % error,
                    "warn",
                )
                return
        again = None
        while True:
            try:
                if not self.address:
                    address = _own_address(board.bind)
                    if not address:
                        await asyncio.sleep_ms(500)
                        continue
                    self._join(address)
                again = again or asyncio.create_task(self._announce_again())
                await _readable(self.socket)
                packet, sender = self.socket.recvfrom(1500)
                await self._respond(packet, sender)
            except (OSError, MemoryError):
                gc.collect()
                await asyncio.sleep_ms(100)
            except (IndexError, ValueError):
                pass  # not a DNS message

    async def _announce_again(self):
        """RFC 6762, section 8.3: at least twice, one second apart. Then when
        the address has changed."""
        before = self.address
        self.board._continued(self.announce)
        await asyncio.sleep_ms(1000)
        self.board._continued(self.announce)
        while True:
            await asyncio.sleep_ms(5000)
            try:
                address = _own_address(self.board.bind)
                if address and address != before:
                    self._join(address)
                    self.announce()
                before = address
            except (OSError, MemoryError):
                gc.collect()  # the next round tries again

    async def _respond(self, packet, sender):
        if packet[2] & 0xF8:
            return  # not a query
        at, asked, question = 12, [], b""
        records = self.records()
        names = [record[0].lower() for record in records]
        for _ in range(_u16(packet, 4)):
            start = at
            name, at = _decoded(packet, at)
            if name in names:
                asked.append((name, _u16(packet, at)))
            at += 4
            question = question or bytes(packet[start:at])
        answers = [
            record
            for record in records
            if (record[0].lower(), record[1]) in asked or (record[0].lower(), _ANY) in asked
        ]
        # RFC 6762, section 7.1: what the querier knows is not repeated.
        for _ in range(_u16(packet, 6)):
            name, at = _decoded(packet, at)
            kind, ttl, size = (
                _u16(packet, at),
                _u16(packet, at + 4) << 16 | _u16(packet, at + 6),
                _u16(packet, at + 8),
            )
            if kind == _PTR and ttl >= 60:
                target, _ = _decoded(packet, at + 10)
                answers = [
                    a
                    for a in answers
                    if not (a[1] == _PTR and a[0].lower() == name and a[4] == _encoded(target))
                ]
            at += 10 + size
        if not answers:
            return
        more = (
            []
            if answers[0][0] == "_services._dns-sd._udp.local."
            else [r for r in records[2:] if r not in answers]
        )
        if _port_of(sender) != 5353:
            # RFC 6762, section 6.7: a resolver that knows only unicast. Section
            # 11: not one of another network.
            if _is_on_link(sender, self.address):
                self._send(answers, more, sender, bytes(packet[:2]), question)
            return
        if answers[0][1] == _PTR:
            # RFC 6762, section 6: other boards answer the same question.
            await asyncio.sleep_ms(20 + os.urandom(1)[0] % 100)
        # A query with authority records asks whether a name is free.
        pause = 250 if _u16(packet, 8) else 1000
        answers = [record for record in answers if self._is_due(record, pause)]
        if answers:
            self._multicast(answers, [record for record in more if self._is_due(record, 1000)])


def _bytes_of(address):
    return bytes([int(part) for part in address.split(".")])


def _readable(stream):
    # The only way to wait for a datagram and learn its sender; what
    # asyncio.Stream does.
    yield asyncio.core._io_queue.queue_read(stream)


def _port_of(sender):
    return sender[1] if type(sender) is tuple else socket.sockaddr(sender)[2]


def _is_on_link(sender, own):
    """Whether a sender is in the board's network, as far as is known."""
    sender = _address(sender)
    if not sender or not own or "[" in sender[0]:
        return False
    ip, own = _number_of(sender[0]), _number_of(own)
    return ip >> 24 == 127 or any([ip & mask == own & mask for mask in _masks(own)])


def _number_of(address):
    return int.from_bytes(_bytes_of(address), "big")


def _masks(own):
    """The network masks of this address; 0, which has every sender in it, if
    they are not known."""
    if own >> 24 == 127:
        return (0xFF000000,)
    try:
        import network

        for kind in ("STA_IF", "AP_IF"):
            address, mask = network.WLAN(getattr(network, kind)).ifconfig()[:2]
            if _number_of(address) == own:
                return (_number_of(mask),)
    except (ImportError, AttributeError, OSError, ValueError):
        pass
    return _masks_of_linux(own) or (0,)


def _own_address(bind):
    """This board's address: the one that it listens on, or that of its network
    interface; None before it has one."""
    if bind != "0.0.0.0":
        return bind
    try:
        import network

        for kind in ("STA_IF", "AP_IF"):
            wlan = network.WLAN(getattr(network, kind))
            if wlan.active() and wlan.ifconfig()[0] != "0.0.0.0":
                return wlan.ifconfig()[0]
        return None
    except (ImportError, AttributeError):
        return _address_of_linux()


def _address_of_linux():
    with open("/proc/net/fib_trie") as file:
        found = None
        for line in file:
            if "|--" in line:
                found = line.split()[-1]
            elif "/32 host LOCAL" in line and not found.startswith("127."):
                return found
    return "127.0.0.1"


def _masks_of_linux(own):
    """Of the routes without a gateway, whose fields are numbers in the order of
    the computer's bytes."""
    masks = []
    try:
        with open("/proc/net/route") as file:
            file.readline()
            for line in file:
                fields = line.split()
                to, gateway, mask = [
                    int.from_bytes(int(fields[at], 16).to_bytes(4, sys.byteorder), "big")
                    for at in (1, 2, 7)
                ]
                if mask and not gateway and own & mask == to:
                    masks.append(mask)
    except (OSError, ValueError, IndexError):
        pass
    return masks
