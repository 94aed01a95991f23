//// component
{{identifier}} = Sensor({{"name"}}{{about}}, state_class="measurement")
//// handler


@board.every(1)
def measure_{{identifier}}():
    {{identifier}}.value = hardware.read_{{identifier}}()
//// chip

# {{name}}: an analog sensor, {{low}}{{spaced_unit}} at 0 V and
# {{high}}{{spaced_unit}} at the most that the chip can measure. Replace this by
# what your sensor needs.
_{{identifier}} = ADC(Pin({{pin}}), atten=ADC.ATTN_11DB)


def read_{{identifier}}():
    return {{low}} + {{span}} * _{{identifier}}.read_u16() / 65535

//// simulated


def read_{{identifier}}():
    return wave({{low}}, {{high}})
