//// component
{{identifier}} = Event({{"name"}}, ("triggered",){{about}})
//// handler


@board.every(0.02)
def watch_{{identifier}}():
    occurred = hardware.read_{{identifier}}()
    if occurred:
        {{identifier}}.fire(occurred)
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
    return "triggered" if _{{identifier}}.read() else None


//// simulated


def read_{{identifier}}():
    return "triggered" if typed({{"key"}}) else None
