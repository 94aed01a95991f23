"""Operates one control of each kind through AT-SPI, and asks the board."""

import subprocess

from screen import Atspi, within

from gi.repository import Gio, GLib


def turn_on_screen_reader():
    """What a desktop does when its screen reader starts."""
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    bus.call_sync(
        "org.a11y.Bus",
        "/org/a11y/bus",
        "org.freedesktop.DBus.Properties",
        "Set",
        GLib.Variant("(ssv)", ("org.a11y.Status", "ScreenReaderEnabled", GLib.Variant("b", True))),
        None,
        Gio.DBusCallFlags.NONE,
        20_000,
    )


def give_focus(screen):
    """What a window manager does with a new window; this display has no manager."""
    subprocess.run(["xdotool", "search", "--sync", "--name", "Switchboard", "windowfocus"], check=True)
    within("the window is active", lambda: screen.frame.get_state_set().contains(Atspi.StateType.ACTIVE))


def changes(bench, component, field, wanted):
    """Waits until the board itself has this value."""
    within(
        f"{component} has {field} {wanted}",
        lambda: bench.state(bench.everything, component).get(field) == wanted,
    )


def switch(screen, bench):
    before = bench.state(bench.everything, "switch:0")["on"]
    node = screen.wait("toggle button", "Motor forward: on")
    assert node.pressed == before, f"{node} says {node.pressed}, its board {before}"
    node.press()
    changes(bench, "switch:0", "on", not before)
    within("the switch shows it", lambda: screen.find("toggle button", "Motor forward: on").pressed != before)


def slider(screen, bench):
    screen.wait("slider", "Light: brightness").set_value(37)
    changes(bench, "light:0", "brightness", 37)
    within("the slider shows it", lambda: screen.find("slider", "Light: brightness").value == 37)


def spin_button(screen, bench):
    screen.wait("spin button", "Light: exact brightness").set_value(55)
    changes(bench, "light:0", "brightness", 55)


def text_field(screen, bench):
    node = screen.wait("entry", "Label: value")
    node.focus()
    node.set_text("Read aloud")
    within("the field has the text", lambda: screen.find("entry", "Label: value").text == "Read aloud")
    screen.key(0xFF0D)
    changes(bench, "text:0", "value", "Read aloud")


def combo_box(screen, bench):
    node = screen.wait("combo box", "Mode: value")
    before = bench.state(bench.everything, "select:0")["value"]
    assert before in node.description, f"{node} says {node.description!r}, its board {before!r}"
    node.press()
    options = bench.state(bench.everything, "select:0")["options"]
    other = next(option for option in options if option != before)
    within("the option", lambda: next((one for one in screen.nodes() if one.name == other and one.enabled), None)).press()
    changes(bench, "select:0", "value", other)


def menu(screen, bench):
    """The menu of a card: an entry of it closes it."""
    screen.press("button", "Light: more")
    screen.press("menu item", "Add to plots")
    screen.gone("menu item", "Add to plots")


def announced(screen, bench):
    """A change at the board is announced politely, a lost board too."""
    heard = []

    def politely(*parts):
        # 1 is polite, 2 assertive.
        return any(level == 1 and all(part in text for part in parts) for text, level in heard)

    def hear(event):
        heard.append((str(event.any_data), event.detail1))

    listener = Atspi.EventListener.new(hear)
    listener.register("object:announcement")
    on = bench.state(bench.everything, "switch:0")["on"]
    bench.at_board(bench.everything, f"set Kitchen switch:0 on={'false' if on else 'true'}")
    word = "Off" if on else "On"
    within(
        f"Motor forward: {word} is announced",
        lambda: politely("Motor forward", word),
    )
    bench.at_board(bench.others[0], "stop \"Desk lamp\"")
    within("the lost board is announced", lambda: politely("Desk lamp"))
    bench.at_board(bench.others[0], "start \"Desk lamp\"")
    within("three boards are connected", lambda: screen.find("toggle button", "3 connected"))
    listener.deregister("object:announcement")


KINDS = [switch, slider, spin_button, text_field, combo_box, menu, announced]


def all_kinds(screen, bench):
    wrong = []
    for kind in KINDS:
        try:
            kind(screen, bench)
            print(f"operated: {kind.__name__.replace('_', ' ')}", flush=True)
        except AssertionError as problem:
            wrong.append(f"{kind.__name__}: {problem}")
    return wrong
