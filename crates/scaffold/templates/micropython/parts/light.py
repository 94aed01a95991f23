//// component
{{identifier}} = Light({{"name"}}, brightness=100)
//// handler


@{{identifier}}.changed
def show_{{identifier}}(light):
    hardware.set_{{identifier}}(light.on, light.brightness)
//// pin
{{IDENTIFIER}}_PIN = None  # an LED
//// chip
_{{identifier}} = pulses({{IDENTIFIER}}_PIN)


def set_{{identifier}}(on, brightness):
    if _{{identifier}} is not None:
        _{{identifier}}.duty_u16(brightness * 65535 // 100 if on else 0)


//// simulated


def set_{{identifier}}(on, brightness):
    print("{{name}}:", "on" if on else "off", "at", brightness, "%")
