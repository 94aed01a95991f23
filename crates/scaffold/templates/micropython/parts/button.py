//// component
{{identifier}} = Button({{"name"}})
//// handler


@{{identifier}}.pressed
def {{identifier}}_pressed(event):
    print("{{name}}:", event)
    {{toggle}}


@board.every(0.02)
def watch_{{identifier}}():
    event = hardware.read_{{identifier}}()
    if event:
        {{identifier}}.press(event)
//// pin
{{IDENTIFIER}}_PIN = None  # a button to ground
//// helper
class Press:
    """A button. A press is reported when it is released."""

    LONG_MS = 1000  # a press held this long is a long press

    def __init__(self, pin):
        self.pin, self.since = contact(pin), None

    def read(self):
        """ "press" or "long_press"; None if nothing has happened."""
        now, since = time.ticks_ms(), self.since
        if is_closed(self.pin):
            self.since = now if since is None else since
            return None
        self.since = None
        if since is None:
            return None
        return "long_press" if time.ticks_diff(now, since) >= self.LONG_MS else "press"


//// chip
_{{identifier}} = Press({{IDENTIFIER}}_PIN)


def read_{{identifier}}():
    return _{{identifier}}.read()


//// simulated


def read_{{identifier}}():
    return "press" if typed({{"key"}}) else None
