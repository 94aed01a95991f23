//// component
{{identifier}} = Event({{"name"}}, ("single", "double", "long"){{about}})
//// handler


@board.every(0.02)
def watch_{{identifier}}():
    event = hardware.read_{{identifier}}()
    if event:
        {{identifier}}.fire(event)
//// chip

# {{name}}: a contact that connects the pin to ground.
_{{identifier}} = Pin({{pin}}, Pin.IN, Pin.PULL_UP)
_{{identifier}}_closed = False


def read_{{identifier}}():
    """ "single" when the contact closes; otherwise None."""
    global _{{identifier}}_closed
    was_closed = _{{identifier}}_closed
    _{{identifier}}_closed = not _{{identifier}}.value()
    return "single" if _{{identifier}}_closed and not was_closed else None

//// simulated


def read_{{identifier}}():
    return "single" if typed({{"key"}}) else None
