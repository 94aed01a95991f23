//// component
{{identifier}} = BinarySensor({{"name"}}{{about}})
//// handler


@board.every(0.1)
def measure_{{identifier}}():
    {{identifier}}.on = hardware.read_{{identifier}}()
//// pin
{{IDENTIFIER}}_PIN = None  # a contact to ground
//// chip
_{{identifier}} = contact({{IDENTIFIER}}_PIN)


def read_{{identifier}}():
    return is_closed(_{{identifier}})


//// simulated


def read_{{identifier}}():
    # For ten seconds of each minute.
    return time.ticks_ms() // 1000 % 60 >= 50
