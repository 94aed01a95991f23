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
//// chip

# {{name}}: it connects the pin to ground.
_{{identifier}} = Pin({{pin}}, Pin.IN, Pin.PULL_UP)
_{{identifier}}_since = None


def read_{{identifier}}():
    """ "press" or "long_press" when the button is released; otherwise None."""
    global _{{identifier}}_since
    now = time.ticks_ms()
    if not _{{identifier}}.value():
        _{{identifier}}_since = _{{identifier}}_since or now
        return None
    since, _{{identifier}}_since = _{{identifier}}_since, None
    if since is None:
        return None
    return "long_press" if time.ticks_diff(now, since) >= 1000 else "press"

//// simulated


def read_{{identifier}}():
    return "press" if typed({{"key"}}) else None
