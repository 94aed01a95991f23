//// component
{{identifier}} = Cover({{"name"}}, seconds=10{{about}})
//// handler


@{{identifier}}.changed
def move_{{identifier}}(cover):
    hardware.move_{{identifier}}(cover.state)
//// pin
{{IDENTIFIER}}_OPEN_PIN = None  # a relay
{{IDENTIFIER}}_CLOSE_PIN = None  # a relay
//// chip
_{{identifier}} = output({{IDENTIFIER}}_OPEN_PIN), output({{IDENTIFIER}}_CLOSE_PIN)


def move_{{identifier}}(state):
    opens, closes = _{{identifier}}
    # Never both at once.
    write(opens, False)
    write(closes, False)
    write(opens, state == "opening")
    write(closes, state == "closing")


//// simulated


def move_{{identifier}}(state):
    print("{{name}}:", state)
