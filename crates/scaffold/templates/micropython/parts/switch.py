//// component
{{identifier}} = Switch({{"name"}}{{about}})
//// handler


@{{identifier}}.changed
def show_{{identifier}}(switch):
    hardware.set_{{identifier}}(switch.on)
//// pin
{{IDENTIFIER}}_PIN = None  # a relay
//// chip
_{{identifier}} = output({{IDENTIFIER}}_PIN)


def set_{{identifier}}(on):
    write(_{{identifier}}, on)


//// simulated


def set_{{identifier}}(on):
    print("{{name}}:", "on" if on else "off")
