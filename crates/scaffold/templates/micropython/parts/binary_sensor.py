//// component
{{identifier}} = BinarySensor({{"name"}}{{about}})
//// handler


@board.every(0.1)
def measure_{{identifier}}():
    {{identifier}}.on = hardware.read_{{identifier}}()
//// chip

# {{name}}: a digital sensor, high for on.
_{{identifier}} = Pin({{pin}}, Pin.IN, Pin.PULL_DOWN)


def read_{{identifier}}():
    return bool(_{{identifier}}.value())

//// simulated


def read_{{identifier}}():
    # For ten seconds of each minute.
    return time.ticks_ms() // 1000 % 60 >= 50
