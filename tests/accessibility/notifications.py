"""A watched board is lost, and the desktop hears of it: a stand-in for the
notification service takes what the window sends."""

import subprocess

import operate
from screen import within

from gi.repository import Gio, GLib

NAME = "org.freedesktop.Notifications"
INTERFACE = f"""
<node><interface name="{NAME}">
  <method name="GetCapabilities"><arg type="as" direction="out"/></method>
  <method name="GetServerInformation">
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
    <arg type="s" direction="out"/><arg type="s" direction="out"/>
  </method>
  <method name="Notify">
    <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
    <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/>
    <arg type="u" direction="out"/>
  </method>
</interface></node>
"""

# The grace period, the time for other boards, and a loaded machine.
DUE = 60.0


class Service:
    """The stand-in; calls are answered while the test waits in `within`."""

    def __init__(self):
        self.arrived = []
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        interface = Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0]
        self.bus.register_object("/org/freedesktop/Notifications", interface, self.called, None, None)

    def exists(self):
        """Whether this system has a real service that would be started."""
        names = self.bus.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "ListActivatableNames", None, None, Gio.DBusCallFlags.NONE, 20_000,
        )
        return NAME in names.unpack()[0]

    def begin(self):
        owned = []
        Gio.bus_own_name_on_connection(
            self.bus, NAME, Gio.BusNameOwnerFlags.NONE, lambda *_: owned.append(True), None
        )
        within("the stand-in has its name", lambda: owned)

    def called(self, _bus, _sender, _path, _interface, method, parameters, call):
        if method == "GetCapabilities":
            call.return_value(GLib.Variant("(as)", (["body", "body-markup"],)))
        elif method == "GetServerInformation":
            call.return_value(GLib.Variant("(ssss)", ("stand-in", "test", "1", "1.2")))
        else:
            program, _, _, title, body, *_ = parameters.unpack()
            self.arrived.append((program, title, body))
            print(f"notified: {program}: {title}: {body}", flush=True)
            call.return_value(GLib.Variant("(u)", (len(self.arrived),)))

    def next(self, number, what):
        """The notification with this number; the first is 1."""
        within(what, lambda: len(self.arrived) >= number, DUE)
        assert len(self.arrived) == number, f"too many: {self.arrived}"
        program, title, body = self.arrived[-1]
        assert program == "Switchboard", program
        return title, body


def returned(service):
    """The boards of the notifications after the third."""
    names = []
    for _, title, body in service.arrived[3:]:
        name, is_back, _ = title.partition(" is reachable again")
        together = title == "2 boards are reachable again"
        assert is_back or together, title
        names += body.split(", ") if together else [name]
    return sorted(names)


def watch(screen, name):
    screen.press("toggle button", "Boards")
    screen.press("list item", lambda text: text.startswith(f"{name}:"))
    screen.wait("heading", name)
    screen.press("button", "More")
    screen.press("menu item", "Notify when lost")
    screen.gone("menu item", "Notify when lost")


def window(action):
    subprocess.run(["xdotool", "search", "--name", "^Switchboard$", action], check=True)


def connected(screen, number):
    # A board that was away is tried again after up to 30 s.
    within(f"{number} connected", lambda: screen.find("toggle button", f"{number} connected"), DUE)


def all_of(screen, bench):
    lamp, strip = bench.others
    service = Service()
    if service.exists():
        print("not tested: a desktop without a notification service, because this one has one")
    else:
        watch(screen, "Desk lamp")
        within(
            "the window says that there is no service",
            lambda: screen.find("label", lambda text: "no notification service answers" in text),
        )
        screen.press("button", lambda text: text.startswith("Dismiss: Notifications cannot be shown"))
        screen.press("button", "More")
        screen.press("menu item", "Do not notify when lost")
        screen.gone("menu item", "Do not notify when lost")
    service.begin()

    watch(screen, "Desk lamp")
    # The strip is not watched.
    bench.at_board(strip, 'stop "Power strip"')
    bench.at_board(lamp, 'stop "Desk lamp"')
    title, body = service.next(1, "the lost board")
    assert title == "Desk lamp is not reachable", title
    assert body.startswith(("Cannot connect", "The board closed", "Closed")), body
    assert not screen.find("label", lambda text: "no notification service answers" in text)
    bench.at_board(strip, 'start "Power strip"')
    bench.at_board(lamp, 'start "Desk lamp"')
    assert service.next(2, "the board that is back") == ("Desk lamp is reachable again", "")
    connected(screen, 3)

    # The window is not on the screen.
    watch(screen, "Power strip")
    window("windowunmap")
    bench.at_board(lamp, 'stop "Desk lamp"')
    bench.at_board(strip, 'stop "Power strip"')
    lost = service.next(3, "two lost boards")
    assert lost == ("2 boards are not reachable", "Desk lamp, Power strip"), lost
    window("windowmap")
    operate.give_focus(screen)
    bench.at_board(lamp, 'start "Desk lamp"')
    bench.at_board(strip, 'start "Power strip"')
    connected(screen, 3)
    # The pauses between attempts to connect are random: together if they were
    # back within 10 s of each other.
    within("both are back", lambda: returned(service) == ["Desk lamp", "Power strip"], DUE)
    assert len(service.arrived) <= 5, service.arrived
    print("notified of lost and returned boards", flush=True)
