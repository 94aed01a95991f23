"""The boards and the window that are walked over."""

import json
import os
import subprocess


class Bench:
    """Virtual boards on loopback, and the window over them."""

    def __init__(self, programs, work):
        self.programs = programs
        self.work = work
        self.started = []
        self.environment = dict(
            os.environ,
            # No board of this network is found.
            SWITCHBOARD_SERVICE=f"_sb-a{os.getpid()}._tcp.local.",
            SWITCHBOARD_KEYS=os.path.join(work, "keys"),
        )
        self.everything = self.boards("Kitchen", "everything")
        self.others = [self.boards("Desk lamp", "lamp"), self.boards("Power strip", "strip")]

    def start(self, *command, **more):
        process = subprocess.Popen(command, env=self.environment, text=True, **more)
        self.started.append(process)
        return process

    def boards(self, name, profile):
        """Starts one board; its commands are written to `stdin`."""
        process = self.start(
            os.path.join(self.programs, "virtual-board"),
            *("--profile", profile, "--name", name, "--no-mdns", "--seed", str(len(self.started) + 1)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        line = process.stdout.readline()
        assert line, f"the board {name} did not start"
        process.said = json.loads(line)
        return process

    def at_board(self, board, command):
        board.stdin.write(command + "\n")
        board.stdin.flush()

    def state(self, board, component):
        """What the board says of a component, over a connection of its own."""
        shown = subprocess.run(
            [os.path.join(self.programs, "switchboard"), "show", board.said["address"], "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        for one in json.loads(shown.stdout)["components"]:
            if one["descriptor"]["key"] == component:
                return one["state"]
        raise AssertionError(f"{component} is not in {shown.stdout}")

    def settings(self):
        """A dashboard, a scene, curves and a channel, so that no page is
        empty."""
        board = self.everything.said["id"]

        def pin(component, **more):
            return {"board": board, "component": component, "name": component, **more}

        tiles = [{"tile": pin(one)} for one in ("light:0", "switch:0", "sensor:0", "number:0")]
        boards = [self.everything, *self.others]
        return {
            "introduction": "dismissed",
            "boards": [
                {"address": one.said["address"], "name": one.said["name"], "id": one.said["id"], "by_hand": True}
                for one in boards
            ],
            "selected": board,
            "dashboards": [{"name": "Bench", "layout": {"row": tiles}}],
            "scenes": [{"name": "Evening", "steps": [pin("switch:0", set={"on": True})]}],
            "plots": {"curves": [pin("sensor:0"), pin("switch:0")], "span": 60.0, "events": True},
            "lab": {"channels": [{"address": f"ws://{self.everything.said['address']}/ws", "shown": True}]},
            "layout": {"window": [1180.0, 900.0]},
        }

    def window(self):
        folder = os.path.join(self.environment["XDG_CONFIG_HOME"], "switchboard")
        os.makedirs(folder)
        with open(os.path.join(folder, "settings.json"), "w", encoding="utf-8") as file:
            json.dump(self.settings(), file)
        return self.start(os.path.join(self.programs, "switchboard"))

    def end(self):
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            process.wait(timeout=20)
