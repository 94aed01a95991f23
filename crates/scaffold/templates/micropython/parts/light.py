//// component
{{identifier}} = Light({{"name"}}, brightness=100)
//// handler


@{{identifier}}.changed
def show_{{identifier}}(light):
    hardware.set_{{identifier}}(light.on, light.brightness)
//// chip

# {{name}}: an LED.
_{{identifier}} = PWM(Pin({{pin}}), freq=1000)


def set_{{identifier}}(on, brightness):
    _{{identifier}}.duty_u16(brightness * 65535 // 100 if on else 0)

//// simulated


def set_{{identifier}}(on, brightness):
    print("{{name}}:", "on" if on else "off", "at", brightness, "%")
