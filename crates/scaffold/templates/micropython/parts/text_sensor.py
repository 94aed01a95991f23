//// component
{{identifier}} = TextSensor({{"name"}})
//// handler


@board.every(1)
def measure_{{identifier}}():
    {{identifier}}.value = hardware.read_{{identifier}}()
//// chip
def read_{{identifier}}():
    """{{name}}: one line of at most 255 bytes; None if it is not known."""
    return "as generated"


//// simulated


def read_{{identifier}}():
    return "minute %d" % (time.ticks_ms() // 60_000)
