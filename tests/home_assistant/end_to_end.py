"""Home Assistant, mosquitto, a bridge and virtual boards together.

usage: end_to_end.py SWITCHBOARD VIRTUAL_BOARD
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from home import Broker, Failed, Home, until

# Home Assistant waits up to 10 s before it connects to a broker again.
RECONNECT = 60


class Boards:
    """Virtual boards, by default two with every kind of component."""

    def __init__(self, program, count=2, profile="everything"):
        command = [program, "--boards", str(count), "--profile", profile, "--seed", "22", "--no-mdns"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines = [json.loads(self.process.stdout.readline()) for _ in range(count)]
        self.ids = [line["id"] for line in lines]
        self.names = [line["name"] for line in lines]
        self.addresses = [line["address"] for line in lines]

    def obey(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.terminate()
        self.process.wait(10)


class Bridge:
    """The bridge, as a person starts it."""

    def __init__(self, program, broker, boards):
        self.command = [program, "bridge", *boards.addresses, "--mqtt", f"mqtt://127.0.0.1:{broker.port}", "--name", "attic", "--home-assistant", "--metrics", "127.0.0.1:0"]
        self.process, self.said = None, []

    def start(self):
        self.said = []
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self.listen, args=(self.process.stdout, self.said), daemon=True).start()

    @staticmethod
    def listen(output, said):
        for line in output:
            said.append(line)

    def stop(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None

    async def metrics(self):
        """What a scrape is answered."""

        def address():
            found = re.search(r"http://(127\.0\.0\.1:\d+)/metrics", "".join(self.said))
            return found and found[1]

        url = f"http://{await until('the address of the metrics', address)}/metrics"

        def read():
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read().decode()

        return await asyncio.to_thread(read)


async def appear(home, boards, _bridge):
    """The boards are devices, and their components entities with their states."""
    for board, name in zip(boards.ids, boards.names):
        await until(f"the device {name}", lambda board=board: home.device(board))
        if home.device(board).name != name:
            raise Failed(f"{board} is named {home.device(board).name}")
        await home.has(board, "switch_0", "off")
        await home.has(board, "light_0", "off", supported_color_modes=["color_temp", "rgb"])
        await home.has(board, "number_0", "50", min=0, max=100, step=5)
        await home.has(board, "select_0", "auto", options=["auto", "day", "night"])
        await home.has(board, "button_0", "unknown")
        await until("a temperature", lambda board=board: (state := home.state(board, "sensor_0")) and state.state not in ("unknown", "unavailable"))


async def command(home, boards, bridge):
    """Service calls reach the board, whose push is the new state."""
    board, other = boards.ids
    await home.call("switch.turn_on", board, "switch_0")
    await home.has(board, "switch_0", "on")
    await home.has(other, "switch_0", "off")
    await home.call("light.turn_on", board, "light_0", brightness_pct=40, color_temp_kelvin=3000)
    await home.has(board, "light_0", "on", color_temp_kelvin=3000, color_mode="color_temp", brightness=102)
    await home.call("light.turn_on", board, "light_0", rgb_color=[255, 0, 0], transition=0.2)
    await home.has(board, "light_0", "on", rgb_color=(255, 0, 0), color_mode="rgb")
    await home.call("light.turn_on", board, "light_0", effect="rainbow")
    await home.has(board, "light_0", "on", effect="rainbow")
    await home.call("number.set_value", board, "number_0", value=75)
    await home.has(board, "number_0", "75")
    await home.call("select.select_option", board, "select_0", option="night")
    await home.has(board, "select_0", "night")
    await home.call("text.set_value", board, "text_0", value='a "b" \\ <ü>')
    await home.has(board, "text_0", 'a "b" \\ <ü>')
    await home.call("cover.close_cover", board, "cover_0")
    await home.has(board, "cover_0", "closing")
    await home.call("cover.stop_cover", board, "cover_0")
    await home.has(board, "cover_0", "open")
    await home.call("button.press", board, "identify")
    text = await bridge.metrics()
    for sample in (f'switchboard_switch_on{{site="home",board="{board}",component="switch:0"}} 1', f'switchboard_link_up{{site="home",board="{other}"}} 1'):
        if sample not in text.splitlines():
            raise Failed(f"no {sample} in {text}")


async def push(home, boards, _bridge):
    """What happens at the board arrives."""
    board = boards.ids[1]
    boards.obey(f"set {board} switch:0 on=true")
    await home.has(board, "switch_0", "on")
    boards.obey(f"press {board} button:0")
    await until("the press", lambda: home.state(board, "button_0_event").attributes.get("event_type") == "press")


async def restart(home, boards, _bridge):
    """Home Assistant is restarted, and boards changed meanwhile."""
    before = home.available()
    await home.stop()
    boards.obey(f"set {boards.ids[0]} number:0 value=30")
    boards.obey(f"set {boards.ids[1]} switch:0 on=false")
    began = time.monotonic()
    await home.start()
    await until("every entity", lambda: home.available() == before)
    await home.has(boards.ids[0], "number_0", "30")
    await home.has(boards.ids[1], "switch_0", "off")
    print(f"  {len(before)} entities of {len(boards.ids)} boards are current {time.monotonic() - began:.1f} s after its start began")
    await home.call("switch.turn_on", boards.ids[1], "switch_0")
    await home.has(boards.ids[1], "switch_0", "on")
    await home.call("number.set_value", boards.ids[0], "number_0", value=75)
    await home.has(boards.ids[0], "number_0", "75")


async def forget(home, boards, _bridge):
    """Home Assistant is started with an empty storage."""
    before = home.available()
    await home.stop()
    home.empty()
    await home.start()
    await until("every entity", lambda: home.available() == before)
    await home.has(boards.ids[0], "number_0", "75")
    await home.call("switch.turn_off", boards.ids[1], "switch_0")
    await home.has(boards.ids[1], "switch_0", "off")


async def unplug(home, boards, _bridge):
    """A board is unplugged, and then back."""
    board = boards.ids[1]
    boards.obey(f"stop {board}")
    await home.has(board, "number_0", "unavailable")
    await home.has(boards.ids[0], "number_0", "75")
    boards.obey(f"start {board}")
    await home.has(board, "number_0", "50")


async def kill(home, boards, bridge):
    """The bridge is killed, and then back."""
    bridge.stop(signal.SIGKILL)
    await home.has(boards.ids[0], "number_0", "unavailable")
    bridge.start()
    await home.has(boards.ids[0], "number_0", "75")


async def empty(home, boards, _bridge):
    """The broker is restarted with nothing in its store."""
    await asyncio.to_thread(home.broker.stop)
    await home.has(boards.ids[0], "number_0", "unavailable")
    await asyncio.to_thread(home.broker.start)
    await home.has(boards.ids[0], "number_0", "75", RECONNECT)
    await home.call("number.set_value", boards.ids[0], "number_0", value=25)
    await home.has(boards.ids[0], "number_0", "25")


async def main(switchboard, virtual_board):
    with tempfile.TemporaryDirectory() as folder:
        # The bridge reads the settings of no user.
        os.environ |= {"XDG_CONFIG_HOME": folder, "HOME": folder}
        broker = Broker(Path(folder))
        broker.start()
        boards = Boards(virtual_board)
        home, bridge = Home(Path(folder), broker), Bridge(switchboard, broker, boards)
        try:
            bridge.start()
            await home.start()
            for step in (appear, command, push, restart, forget, unplug, kill, empty):
                began = time.monotonic()
                try:
                    await step(home, boards, bridge)
                except Failed as failed:
                    raise Failed(f"{step.__name__}: {failed}\nThe bridge said:\n{''.join(bridge.said)}") from None
                print(f"{step.__doc__} {time.monotonic() - began:.1f} s")
            # That the broker is away is all it may complain about.
            complaints = [text for text in home.complaints.texts if "mqtt.client" not in text]
            if complaints:
                raise Failed("Home Assistant complains:\n" + "\n".join(complaints))
        finally:
            await home.stop()
            bridge.stop()
            boards.end()
            broker.stop()
    print("Home Assistant showed and commanded the boards of a bridge, without a complaint.")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
