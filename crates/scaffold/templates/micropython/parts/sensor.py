//// component
{{identifier}} = Sensor({{"name"}}{{about}}, state_class="measurement")
//// handler


@board.every(1)
def measure_{{identifier}}():
    {{identifier}}.value = hardware.read_{{identifier}}()
//// chip
def read_{{identifier}}():
    """Measures {{name}}{{in_unit}}; None if that fails."""
    return None  # read your sensor here


//// simulated


def read_{{identifier}}():
    return wave({{low}}, {{high}})
