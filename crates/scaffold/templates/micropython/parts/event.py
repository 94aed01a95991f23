//// component
{{identifier}} = Event({{"name"}}, ("single", "double", "long"){{about}})
//// handler


@board.every(0.02)
def watch_{{identifier}}():
    event = hardware.read_{{identifier}}()
    if event:
        {{identifier}}.fire(event)
//// pin
{{IDENTIFIER}}_PIN = None  # a contact to ground
//// helper
class Closing:
    """Tells when a contact closes."""

    def __init__(self, pin):
        self.pin, self.was_closed = contact(pin), False

    def read(self):
        """Whether it has closed since this was last asked."""
        was_closed, self.was_closed = self.was_closed, is_closed(self.pin)
        return self.was_closed and not was_closed


//// chip
_{{identifier}} = Closing({{IDENTIFIER}}_PIN)


def read_{{identifier}}():
    """One of the event's words, or None."""
    return "single" if _{{identifier}}.read() else None


//// simulated


def read_{{identifier}}():
    return "single" if typed({{"key"}}) else None
