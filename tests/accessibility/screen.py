"""The window as an assistive client has it: nodes with a role, a name, states
and a value, found and operated through AT-SPI alone."""

import time
from functools import cached_property

import pyatspi
from gi.repository import Atspi, GLib

SOON = 30.0
"""Long enough for a loaded machine; what passes takes a moment."""

CONTROLS = {
    "button",
    "toggle button",
    "check box",
    "radio button",
    "slider",
    "spin button",
    "entry",
    "password text",
    "combo box",
    "menu item",
    "check menu item",
    "radio menu item",
    "list item",
    "page tab",
    "link",
    "progress bar",
    "separator",
}
RANGES = {"slider", "spin button"}
TOGGLES = {"toggle button", "check box", "radio button"}
TEXTS = {"entry", "password text"}


def drain():
    """Lets libatspi read what has arrived."""
    context = GLib.MainContext.default()
    while context.iteration(False):
        pass


def within(what, find, seconds=SOON):
    """The first true result of `find`."""
    deadline = time.monotonic() + seconds
    while True:
        drain()
        try:
            found = find()
        except GLib.Error:
            # A node that disappeared while it was read.
            found = None
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


class Node:
    """What was read of one accessible."""

    def __init__(self, accessible, depth):
        self.accessible = accessible
        self.depth = depth
        # Renamed in at-spi2-core 2.53.
        self.role = accessible.get_role_name().replace("push button", "button")
        self.name = accessible.get_name() or ""

    def __repr__(self):
        return f"{self.role} {self.name!r}"

    @cached_property
    def states(self):
        return set(self.accessible.get_state_set().get_states())

    @cached_property
    def interfaces(self):
        return set(self.accessible.get_interfaces())

    def has(self, state):
        return state in self.states

    @property
    def enabled(self):
        return self.has(Atspi.StateType.SENSITIVE)

    @property
    def description(self):
        return self.accessible.get_description() or ""

    @property
    def pressed(self):
        return self.has(Atspi.StateType.PRESSED) or self.has(Atspi.StateType.CHECKED)

    @property
    def value(self):
        """A number, or `None` without one."""
        return self.accessible.get_current_value() if "Value" in self.interfaces else None

    @property
    def limits(self):
        return self.accessible.get_minimum_value(), self.accessible.get_maximum_value()

    @property
    def text(self):
        if "Text" not in self.interfaces:
            return None
        return Atspi.Text.get_text(self.accessible, 0, -1)

    def press(self):
        """The default action."""
        assert "Action" in self.interfaces, f"{self} has no action"
        self.accessible.do_action(0)

    def focus(self):
        self.accessible.grab_focus()

    def set_value(self, value):
        assert "Value" in self.interfaces, f"{self} has no value"
        Atspi.Value.set_current_value(self.accessible, value)

    def set_text(self, text):
        assert "EditableText" in self.interfaces, f"{self} cannot be edited"
        Atspi.EditableText.set_text_contents(self.accessible, text)


class Screen:
    """The window of one program."""

    def __init__(self, process):
        self.process = process
        self.frame = within("the window in the tree", self._frame)

    def _frame(self):
        assert self.process.poll() is None, "the program ended"
        desktop = pyatspi.Registry.getDesktop(0)
        desktop.clear_cache()
        for at in range(desktop.get_child_count()):
            program = desktop.get_child_at_index(at)
            if program and program.get_process_id() == self.process.pid and program.get_child_count():
                # Every read is a new one, because boards change the window.
                program.set_cache_mask(Atspi.Cache.NONE)
                return program.get_child_at_index(0)
        return None

    def nodes(self):
        """All nodes, in the order of the tree."""
        drain()
        assert self.process.poll() is None, "the program ended"
        found = []

        def visit(accessible, depth):
            try:
                found.append(Node(accessible, depth))
                count = accessible.get_child_count()
            except GLib.Error:
                return
            for at in range(count):
                try:
                    child = accessible.get_child_at_index(at)
                except GLib.Error:
                    continue
                if child is not None:
                    visit(child, depth + 1)

        visit(self.frame, 0)
        return found

    def settled(self):
        """All nodes, once they are the same twice; a list of frames may never
        be."""
        before = None
        for _ in range(4):
            nodes = self.nodes()
            now = [(node.role, node.name) for node in nodes if node.role in CONTROLS]
            if now == before:
                break
            before = now
        return nodes

    def find(self, role, name):
        """The first node with this role whose name is, or fits, `name`."""
        fits = name if callable(name) else lambda text: text == name
        for node in self.nodes():
            if node.role == role and fits(node.name):
                return node
        return None

    def wait(self, role, name):
        return within(f"{role} {name}", lambda: self.find(role, name))

    def gone(self, role, name):
        within(f"no {role} {name}", lambda: not self.find(role, name))

    def press(self, role, name):
        node = within(
            f"{role} {name}, enabled",
            lambda: (found := self.find(role, name)) and found.enabled and found,
        )
        node.press()

    def key(self, keysym):
        """A key, as AT-SPI's clients type it."""
        Atspi.generate_keyboard_event(keysym, None, Atspi.KeySynthType.SYM)

    def chord(self, letter):
        """A letter with Ctrl."""
        Atspi.generate_keyboard_event(37, None, Atspi.KeySynthType.PRESS)
        self.key(ord(letter))
        Atspi.generate_keyboard_event(37, None, Atspi.KeySynthType.RELEASE)
