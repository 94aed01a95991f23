"""Visits every page of the window through AT-SPI, asserts what each control
says of itself, and operates one control of each kind. In between, watched
boards are lost, and notifications have to arrive.

    walk.py PROGRAMS WORK
"""

import sys
import time

from screen import CONTROLS, RANGES, TEXTS, TOGGLES, Atspi, GLib, Screen, within

import notifications
import operate
from bench import Bench
from pages import ESCAPE, PAGES

# Roles that cannot have the focus: they only show something, or a mouse drags
# them.
UNFOCUSED = {"progress bar", "separator"}


def complaints(nodes):
    """What is wrong with the controls of a page."""
    wrong = []
    for node in nodes:
        try:
            wrong += complaints_about(node)
        except GLib.Error:
            # A row of a list that moved on since it was listed.
            continue
    return wrong


def complaints_about(node):
    wrong = []
    if node.role in ("unknown", "invalid", ""):
        wrong.append(f"{node} has no role")
    if node.role not in CONTROLS:
        return wrong
    if not node.name.strip():
        wrong.append(f"{node} has no name")
    if any("\ue000" <= sign <= "\uf8ff" for sign in node.name):
        wrong.append(f"{node} has an icon in its name")
    if not node.has(Atspi.StateType.SHOWING):
        wrong.append(f"{node} is not showing")
    if node.enabled and node.role not in UNFOCUSED and not node.has(Atspi.StateType.FOCUSABLE):
        wrong.append(f"{node} cannot have the focus")
    if node.role in RANGES:
        if node.value is not None:
            low, high = node.limits
            if not low <= node.value <= high:
                wrong.append(f"{node} has {node.value}, which is not in {low} to {high}")
        elif not node.description:
            wrong.append(f"{node} has no value, and does not say why")
    if node.role == "combo box" and not node.description:
        wrong.append(f"{node} does not say what is selected")
    if node.role in TEXTS and "EditableText" not in node.interfaces:
        wrong.append(f"{node} cannot be edited")
    # A tile is moved by keys, and says so.
    operable = "Action" in node.interfaces or "rrow keys" in node.description
    if node.role in ("button", "menu item") and node.enabled and not operable:
        wrong.append(f"{node} cannot be pressed")
    if node.role in TOGGLES and node.enabled and "Action" not in node.interfaces:
        wrong.append(f"{node} cannot be toggled")
    return wrong


def examined(screen):
    """The nodes of a page, and what is wrong with them."""
    nodes = screen.settled()
    return nodes, complaints(nodes)


def counted(nodes):
    """How many controls of each role."""
    counts = {}
    for node in nodes:
        if node.role in CONTROLS:
            counts[node.role] = counts.get(node.role, 0) + 1
    return counts


def visit(screen):
    """Every page; returns what is wrong."""
    wrong = []
    total = 0
    for name, go, back in PAGES:
        try:
            go(screen)
        except AssertionError as problem:
            wrong.append(f"{name}: {problem}")
            screen.key(ESCAPE)
            continue
        nodes, problems = within(f"{name}, read as a whole", lambda: examined(screen))
        counts = counted(nodes)
        number = sum(counts.values())
        assert number, f"{name}: no controls"
        total += number
        kinds = ", ".join(f"{count} {role}" for role, count in sorted(counts.items()))
        print(f"{name:<22} {number:>4} controls: {kinds}", flush=True)
        wrong += [f"{name}: {one}" for one in problems]
        if back:
            try:
                back(screen)
            except AssertionError as problem:
                wrong.append(f"{name}: {problem}")
    print(f"{len(PAGES)} pages, {total} controls")
    return wrong


def main():
    programs, work = sys.argv[1:]
    began = time.monotonic()
    bench = Bench(programs, work)
    try:
        # Before the window opens, as a desktop with a screen reader has it.
        Atspi.init()
        operate.turn_on_screen_reader()
        screen = Screen(bench.window())
        assert screen.frame.get_name() == "Switchboard", f"the window is named {screen.frame.get_name()!r}"
        try:
            within("three boards are connected", lambda: screen.find("toggle button", "3 connected"))
            operate.give_focus(screen)
            wrong = operate.all_kinds(screen, bench)
            notifications.all_of(screen, bench)
            wrong += visit(screen)
        except AssertionError:
            for node in screen.nodes():
                print("  " * node.depth, node)
            raise
        for one in dict.fromkeys(wrong):
            print(f"WRONG: {one}")
        print(f"{time.monotonic() - began:.0f} s")
        return 1 if wrong else 0
    finally:
        bench.end()


if __name__ == "__main__":
    sys.exit(main())
