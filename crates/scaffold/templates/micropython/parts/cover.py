//// component
{{identifier}} = Cover({{"name"}}, seconds=10{{about}})
//// handler


@{{identifier}}.changed
def move_{{identifier}}(cover):
    hardware.move_{{identifier}}(cover.state)
//// chip

# {{name}}: a motor with a pin for each direction.
_{{identifier}}_open = Pin({{pin}}, Pin.OUT, value=0)
_{{identifier}}_close = Pin({{second_pin}}, Pin.OUT, value=0)


def move_{{identifier}}(state):
    _{{identifier}}_open.value(state == "opening")
    _{{identifier}}_close.value(state == "closing")

//// simulated


def move_{{identifier}}(state):
    print("{{name}}:", state)
