"""How each page, dialog and menu is reached, and left, through AT-SPI."""

ESCAPE = 0xFF1B
CONTROL = 0xFFE3
F1 = 0xFFBE


def rail(name, shown=None):
    """A page of the rail."""

    def go(screen):
        screen.press("toggle button", name)
        if shown:
            screen.wait(*shown)

    return go


def board(name):
    def go(screen):
        screen.press("toggle button", "Boards")
        screen.press("list item", lambda text: text.startswith(f"{name}:"))
        screen.wait("heading", name)

    return go


def exercise(name):
    def go(screen):
        screen.press("toggle button", "Lab")
        screen.press("page tab", name)

    return go


def opened(role, name, shown):
    """A menu or dialog that a control opens."""

    def go(screen):
        screen.press(role, name)
        screen.wait(*shown)

    return go


def command(name, shown):
    """A dialog that the command palette opens."""

    def go(screen):
        screen.chord("k")
        field = screen.wait("entry", "Command")
        field.set_text(name)
        screen.press("menu item", name)
        screen.wait(*shown)

    return go


def palette(screen):
    screen.chord("k")
    screen.wait("entry", "Command")


def escape(role, name):
    """Leaves a menu or dialog."""

    def back(screen):
        screen.key(ESCAPE)
        screen.gone(role, name)

    return back


def of(name, role, opener, shown):
    return name, opened(role, opener, shown), escape(*shown)


PAGES = [
    ("board: every kind", board("Kitchen"), None),
    ("board: lamp", board("Desk lamp"), None),
    ("board: strip", board("Power strip"), None),
    of("menu of a card", "button", "Outlet 1: more", ("menu item", "Add to plots")),
    of("menu of the board", "button", "More", ("menu item", "Rename…")),
    of("menu of the list", "button", "List options", ("toggle button", "By room")),
    of("menu of the theme", "button", "Theme", ("toggle button", "Dark")),
    of("menu of recordings", "button", "Recordings", ("menu item", "Record session…")),
    of("dialog: add board", "button", "Add board", ("entry", "Address")),
    ("dialog: broker", command("Add broker…", ("entry", "Broker address")), escape("entry", "Broker address")),
    ("dialog: set up", command("Set up a board…", ("button", "Cancel")), escape("button", "Cancel")),
    ("shortcuts", lambda screen: (screen.key(F1), screen.wait("button", "Close")), escape("button", "Close")),
    ("command palette", palette, escape("entry", "Command")),
    ("dashboards", rail("Dashboards", ("button", "Add to the dashboard")), None),
    ("scenes", rail("Scenes", ("button", "Apply Evening")), None),
    ("activity", rail("Activity", ("entry", "Search events")), None),
    ("plots", rail("Plots", ("button", "Add to plots")), None),
    ("health", rail("Health", ("toggle button", "Sort by p95")), None),
    ("frames", rail("Frames", ("entry", "Search frames")), None),
    ("doctor", rail("Doctor", ("entry", "Missing board")), None),
    ("lab: channels", rail("Lab", ("page tab", "Channels")), None),
    ("lab: telemetry", exercise("Telemetry"), None),
    ("lab: comparison", exercise("Push and poll"), None),
    ("lab: echo", exercise("Echo and broadcast"), None),
    ("lab: clients", exercise("Clients"), None),
    ("serial monitor", rail("Serial", ("entry", "Port")), None),
]
