//// component
{{identifier}} = Switch({{"name"}}{{about}})
//// handler


@{{identifier}}.changed
def show_{{identifier}}(switch):
    hardware.set_{{identifier}}(switch.on)
//// chip

# {{name}}: a relay.
_{{identifier}} = Pin({{pin}}, Pin.OUT, value=0)


def set_{{identifier}}(on):
    _{{identifier}}.value(on)

//// simulated


def set_{{identifier}}(on):
    print("{{name}}:", "on" if on else "off")
