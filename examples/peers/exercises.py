"""Runs the exercises. Started by `run`, in a network of its own; prints one line each. Exit status 1 if one failed."""

import argparse
import asyncio
import contextlib
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from websockets.asyncio.client import connect

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "python"), str(HERE.parent.parent / "tests" / "browser")]

from board import Board  # noqa: E402
from chromium import browser, find  # noqa: E402
from lamp import Lamp  # noqa: E402

TIMEOUT = 30


class Program:
    """A program that runs until the end of a `with`, with input and output."""

    def __init__(self, *command, cwd=None, env=None, stdin=subprocess.PIPE):
        self.process = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=env, text=True,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.lines, self.output = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_for(self, pattern):
        """Waits for a line that matches the pattern, and returns the match."""
        end = time.monotonic() + TIMEOUT
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line with {pattern!r}; there were: {self.output[-5:]}")
            self.output.append(line)
            if found := re.search(pattern, line):
                return found

    def unread(self):
        """Returns the output that no test has waited for."""
        return [line for line in self.lines.queue if line is not None]

    def unseen(self):
        """Explains a missing window: the output, and whether the program still runs."""
        said = self.unread()
        return f"no window; the program {'ended' if self.process.poll() is not None else 'runs'} and said {said[-5:]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if self.process.stdin:
            self.process.stdin.close()


def output(*command, expected=0, given=None, env=None):
    """Runs a program to its end, and returns its standard output."""
    done = subprocess.run(
        [str(word) for word in command], text=True, capture_output=True, timeout=90, input=given, env=env
    )
    if done.returncode != expected:
        raise AssertionError(f"{command[1:]} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


class Exercises:
    def __init__(self, options):
        self.options = options
        self.switchboard, self.websocat = options.switchboard, options.websocat
        self.passed = self.failed = self.skipped = 0
        # The keys and settings of the user must not matter.
        self.home = tempfile.TemporaryDirectory()
        self.env = {**os.environ, "XDG_CONFIG_HOME": self.home.name, "SWITCHBOARD_KEYS": f"{self.home.name}/keys"}

    def play(self, what, exercise, *arguments, **options):
        began = time.monotonic()
        try:
            why = exercise(*arguments, **options)
        except Exception as error:  # the others still run
            self.failed += 1
            print(f"FAIL {what}: {type(error).__name__}: {error}", flush=True)
            return
        if why:
            self.skipped += 1
            print(f"skip {what}: {why}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {what} ({time.monotonic() - began:.1f} s)", flush=True)

    def ask(self, *words, **how):
        return output(self.switchboard, *words, env=self.env, **how)

    def language(self, name, program, *words, **how):
        """Starts a program in Node.js or Python."""
        if name == "Node":
            return Program("node", f"{program}.js", *words, cwd=self.options.node, **how)
        return Program(sys.executable, f"{program}.py", *words, cwd=HERE / "python", **how)

    def virtual_board(self, *options):
        return Program(self.options.virtual_board, "--profile", "everything", *options)

    # Boards in other languages, and our program.

    def found(self, ids):
        listed = [json.loads(line) for line in self.ask("list", "--json").splitlines()]
        assert {board["id"] for board in listed} == ids, listed
        assert all("connected" in json.dumps(board["link"]) for board in listed), listed

    def driven(self, board, id):
        shown = self.ask("show", id)
        assert re.search(r"light:0 .*Off", shown) and "21.5 °C" in shown, shown
        with Program(self.switchboard, "watch", id, env=self.env) as watch:
            # It is connected when it reports a press; before that it receives
            # none.
            for _ in range(50):
                board.type("press")
                with contextlib.suppress(AssertionError, queue.Empty):
                    line = watch.lines.get(timeout=0.3)
                    if line and "button:0" in line:
                        assert "press" in line and "at the board" in line, line
                        break
            else:
                raise AssertionError("watch receives no press")
            board.type("measure 23.4")
            watch.wait_for(r"sensor:0 .*23\.4")
            done = self.ask("set", f"{id}/light:0", "on=true", "brightness=40")
            assert re.search(r"On · 40 %", done), done
            watch.wait_for(r"light:0 .*40")
        self.ask("set", f"{id}/light:0", "on=false")
        assert "out_of_range" in subprocess.run(
            [self.switchboard, "set", f"{id}/light:0", "brightness=400"], text=True, capture_output=True, env=self.env
        ).stderr

    def conforms(self, board, *options, without):
        """Every point passes, except those that are skipped for one of these reasons."""
        lines = [json.loads(line) for line in self.ask("check", board, "--json", *options, expected=0).splitlines()]
        verdicts = [line["verdict"] for line in lines]
        assert len(lines) > 70 and set(verdicts) == {"pass", "skipped"}, verdicts
        skipped = {line["why"] for line in lines if line["verdict"] == "skipped"}
        assert all(any(reason in why for reason in without) for why in skipped), skipped

    def in_the_window(self, boards):
        """Both are in the list, and the switch in the row of each is clicked with the pointer."""
        for tool in ("Xvfb", "xdotool", "import"):
            if shutil.which(tool) is None:
                return f"{tool} is not installed"
        folder = pathlib.Path(self.home.name)
        display = Program("Xvfb", "-displayfd", "1", "-noreset", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
        with display:
            (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
            (folder / "switchboard").mkdir(exist_ok=True)
            (folder / "switchboard" / "settings.json").write_text(json.dumps({"introduction": "dismissed"}))
            env = {**self.env, "DISPLAY": f":{display.wait_for(r'^[0-9]+$')[0]}", "XDG_RUNTIME_DIR": str(folder / "runtime")}
            env.pop("WAYLAND_DISPLAY", None)
            with Program(self.switchboard, env=env) as window:
                self.eventually(lambda: output(*"xdotool search --onlyvisible --name Switchboard".split(), env=env), window.unseen)
                # In a window of the default size without the introduction.
                for row, name, id in boards:
                    self.eventually(lambda: self.clicked(env, row, id), lambda: f"{name} is not switched by a click")
                if self.options.picture:
                    time.sleep(1)
                    output("import", "-window", "root", self.options.picture, env=env)

    def click(self, env, x, y):
        output("xdotool", "mousemove", x, y, "sleep", "0.2", "click", "1", "sleep", "0.3", env=env)

    def clicked(self, env, row, id):
        """Clicks the switch of this row, and returns whether it had an effect: the window may not be connected yet."""
        on = lambda: json.loads(self.ask("call", id, "Device.GetStatus"))["light:0"]["on"]  # noqa: E731
        before = on()
        self.click(env, 317, 112 + 48 * row)
        return on() != before

    def eventually(self, holds, otherwise):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):
                if holds():
                    return
            time.sleep(0.2)
        raise AssertionError(otherwise())

    # Clients in other languages.

    def client(self, language, url, press):
        was = r"(?:light|switch):0 was (on|off)"
        with self.language(language, "client", url) as client:
            client.wait_for(r"\): .*light:0")
            press()
            client.wait_for(r"button:0 press  \(physical\)")
            for _ in range(2):
                client.type("")
                client.wait_for(was)
        with self.language(language, "client", url, "toggle") as once:
            before = once.wait_for(was)[1]
            assert once.process.wait(TIMEOUT) == 0
        with self.language(language, "client", url, "toggle") as again:
            assert again.wait_for(was)[1] != before

    def without_a_terminal(self, language):
        """Board and client are started without a terminal, and with their input in a file."""
        with self.language(language, "board", "--no-mdns", stdin=subprocess.DEVNULL) as board:
            url = board.wait_for(r"is at (ws://\S+)")[1]
            with self.language(language, "client", url, stdin=subprocess.DEVNULL) as client:
                client.wait_for(r"\): .*light:0")
                with self.language(language, "client", url, "toggle", stdin=subprocess.DEVNULL) as once:
                    once.wait_for("light:0 was off")
                client.wait_for(r"light:0 .*on")
                assert client.process.poll() is None, client.output
            assert board.process.poll() is None and not board.unread(), board.output
        with tempfile.TemporaryFile() as typed:
            typed.write(b"measure 23.4\npress\n")
            typed.seek(0)
            with self.language(language, "board", "--no-mdns", stdin=typed) as board:
                url = board.wait_for(r"is at (ws://\S+)")[1]
                with self.language(language, "client", url, "toggle") as once:
                    once.wait_for("light:0 was on")

    # The first exercises.

    def echo(self, server, client):
        with self.language(server, "echo_server") as echo:
            url = echo.wait_for(r"ws://\S+")[0]
            with self.language(client, "echo_client", url) as typed:
                typed.wait_for("^hello$")
                for line in ("one", "zwei", "три"):
                    typed.type(line)
                    typed.wait_for(f"^{line}$")
            with Program(self.websocat, url) as typed:
                typed.wait_for("^hello$")
                typed.type("by websocat")
                typed.wait_for("^by websocat$")

    def broadcast(self, server):
        with self.language(server, "broadcast_server") as program:
            url = program.wait_for(r"ws://\S+")[0]
            with Program(self.websocat, url) as one, Program(self.websocat, url) as two, Program(self.websocat, url) as three:
                # All three are connected when a message of each has reached
                # another.
                for speaker, hearer in ((one, two), (two, three), (three, one)):
                    self.until_received(speaker, hearer)
                one.type("to the others")
                two.wait_for("^to the others$")
                three.wait_for("^to the others$")
                two.type("last")
                one.wait_for("^last$")
                assert "to the others" not in one.output, "a client receives its own message"

    def until_received(self, speaker, hearer):
        for attempt in range(50):
            speaker.type(f"there? {id(speaker)} {attempt}")
            with contextlib.suppress(queue.Empty):
                while f"there? {id(speaker)}" not in (hearer.lines.get(timeout=0.2) or ""):
                    pass
                return
        raise AssertionError("it is not received")

    def inbound(self, language):
        """A board that connects to the program: the lamp in Python, over an outbound connection."""

        async def call(url):
            lamp = Lamp("caller-1", "Caller", "02:00:00:00:00:01")
            async with connect(url, subprotocols=["switchboard.v1"], compression=None, max_size=2048) as connection:
                serving = asyncio.create_task(Board(lamp).control(connection))
                end = time.monotonic() + TIMEOUT
                while lamp.seq < 2 and time.monotonic() < end:
                    await asyncio.sleep(0.05)
                lamp.press()
                await asyncio.sleep(0.2)
                await connection.close()
                await asyncio.gather(serving, return_exceptions=True)

        with self.language(language, "inbound") as program:
            url = program.wait_for(r"ws://\S+")[0]
            asyncio.run(call(url))
            program.wait_for(r"Caller \(caller-1\) is connected")
            program.wait_for(r"light:0 is on, was off")
            program.wait_for(r"light:0 is off, was on")
            program.wait_for(r"button:0 press  \(physical\)")
            program.wait_for(r"closed the connection \(1000\)")

    def virtual_board_connects(self, language):
        """A virtual board that connects to the program."""
        if "--call" not in output(self.options.virtual_board, "--help"):
            return "virtual-board has no --call"
        with self.language(language, "inbound") as program:
            url = program.wait_for(r"ws://\S+")[0]
            with self.virtual_board("--no-mdns", "--name", "caller", "--call", url):
                program.wait_for(r"caller \(sb-\w+\) is connected")
                program.wait_for(r"light:0 is off, was on")

    # The commands of the READMEs.

    def one_liners(self, address, board):
        """Runs each line of websocat/README.md, and checks its output, while the button is pressed."""
        ended = threading.Event()

        def press_repeatedly():
            while not ended.wait(0.5):
                board.type("press ours button:0")

        pressing = threading.Thread(target=press_repeatedly)
        pressing.start()
        try:
            self.each_line(address)
        finally:
            ended.set()
            pressing.join()

    def each_line(self, address):
        expected = {
            "Sys.Ping": r'"result":\{"uptime_ms":\d+',
            "Light.Set": r'"result":\{"seq":\d+,"was_on":',
            "Device.GetInfo": r'"result":.*"proto":1',
            "Device.Subscribe": r'(?s)"client":\d+.*NotifyStatus',
            "'hello'": r"^hello$",
            "--binary": r"00 ff",
            "/log": r"(?m)^\d+\.\d{3} (info|debug) ",
            "--print-ping-rtts": r"RTT 0\.\d+ s",
            "switchboard.v9": r"400 Bad Request",
        }
        lines = [line.strip() for line in (HERE / "websocat" / "README.md").read_text().splitlines()]
        lines = [line for line in lines if re.search(r"\bwebsocat .*ws://", line) and not line.startswith("Try")]
        assert len(lines) == len(expected), lines
        for line in lines:
            word = next(word for word in expected if word in line)
            line = line.replace("127.0.0.1:8080", address).replace("websocat ", f"{self.websocat} ")
            endless = not ("--one-message" in line or "v9" in line)
            line = f"timeout 2.5 bash -c {json.dumps(line)}" if endless else line
            line = line.replace("bash -c \"", "bash -c \"exec 2>&1; ")
            done = subprocess.run(
                ["bash", "-c", line], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
            )
            assert re.search(expected[word], done.stdout.strip()), f"{line}: {done.stdout!r}"

    def page(self):
        chromium = find()
        if chromium is None:
            return "chromium is not installed"
        serve = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
        with Program(*serve, cwd=HERE / "browser") as server:
            port = server.wait_for(r"port (\d+)")[1]
            origin = f"http://127.0.0.1:{port}"
            with self.virtual_board("--no-mdns", "--name", "page", "--allow-origin", origin) as board:
                address = board.wait_for(r'"address":"([^"]+)"')[1]
                asyncio.run(self.in_the_page(chromium, f"{origin}/?board=ws://{address}/rpc", board, address))
            with self.virtual_board("--no-mdns", "--name", "closed") as board:
                address = board.wait_for(r'"address":"([^"]+)"')[1]
                asyncio.run(self.refused_page(chromium, f"{origin}/?board=ws://{address}/rpc"))

    async def in_the_page(self, chromium, url, board, address):
        async with Page.open(chromium, url) as page:
            await page.shows("document.querySelector('#link').textContent", "connected")
            await page.shows("document.querySelector('#name').textContent", "page")
            on = "document.getElementById('switch:0').querySelector('output').textContent"
            before = await page.value(on)
            assert before in ("on", "off"), before
            # A click in the page switches the board, and the page shows the
            # resulting push.
            await page.value("document.getElementById('switch:0').querySelector('button').click()")
            await page.shows(on, "off" if before == "on" else "on")
            state = self.ask("call", address, "Device.GetStatus")
            assert json.loads(state)["switch:0"]["on"] == (before != "on"), state
            # Without a request, the page shows a press at the board.
            board.type('press page button:0')
            await page.shows("/\"press\".*|$/.exec(document.querySelector('#pushed').textContent)[0].slice(0, 7)", '"press"')
            if self.options.picture:
                await page.picture(self.options.picture.replace(".png", "-page.png"))

    async def refused_page(self, chromium, url):
        async with Page.open(chromium, url) as page:
            await page.shows("document.querySelector('#link').textContent", "not connected (1006)")


class Page:
    """A page in Chromium, controlled by its DevTools protocol."""

    def __init__(self, connection):
        self.connection, self.id = connection, 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, chromium, url):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            with browser(chromium, "--remote-debugging-port=0", "--window-size=800,900", "about:blank", profile=profile):
                told = pathlib.Path(profile) / "DevToolsActivePort"
                end = time.monotonic() + TIMEOUT
                while not (told.exists() and told.read_text().count("\n")):
                    assert time.monotonic() < end, "Chromium does not listen"
                    await asyncio.sleep(0.05)
                port, path = told.read_text().splitlines()[:2]
                async with connect(f"ws://127.0.0.1:{port}{path}", max_size=2**24, compression=None) as connection:
                    page = cls(connection)
                    target = (await page.call("Target.createTarget", url=url))["targetId"]
                    attached = await page.call("Target.attachToTarget", targetId=target, flatten=True)
                    page.session = attached["sessionId"]
                    yield page

    session = None

    async def call(self, method, **params):
        self.id += 1
        request = {"id": self.id, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        await self.connection.send(json.dumps(request))
        async with asyncio.timeout(TIMEOUT):
            while True:
                answer = json.loads(await self.connection.recv())
                if answer.get("id") == self.id:
                    assert "error" not in answer, answer
                    return answer["result"]

    async def value(self, expression):
        return (await self.call("Runtime.evaluate", expression=expression))["result"].get("value")

    async def shows(self, expression, wanted):
        end = time.monotonic() + TIMEOUT
        while (value := await self.value(expression)) != wanted:
            assert time.monotonic() < end, f"{expression} is {value!r}, not {wanted!r}"
            await asyncio.sleep(0.05)

    async def picture(self, path):
        import base64

        shot = await self.call("Page.captureScreenshot", format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))


def main():
    parser = argparse.ArgumentParser()
    for program in ("virtual-board", "switchboard", "websocat", "node"):
        parser.add_argument(f"--{program}", required=True)
    parser.add_argument("--picture")
    exercises = Exercises(parser.parse_args())
    play = exercises.play
    for server in ("Node", "Python"):
        for client in ("Node", "Python"):
            play(f"echo: server in {server}, client in {client}, websocat", exercises.echo, server, client)
        play(f"broadcast: server in {server}, three websocats", exercises.broadcast, server)
        play(f"board and client in {server} without a terminal", exercises.without_a_terminal, server)
        play(f"a board connects to a program in {server}", exercises.inbound, server)
        play(f"a virtual board connects to a program in {server}", exercises.virtual_board_connects, server)
    with contextlib.ExitStack() as boards:
        node = boards.enter_context(exercises.language("Node", "board"))
        python = boards.enter_context(exercises.language("Python", "board"))
        ours = boards.enter_context(exercises.virtual_board("--name", "ours"))
        at = r"\((\S+)\) is at (ws://(\S+)/rpc)"
        node_id, node_url = node.wait_for(at).group(1, 2)
        python_id, python_url = python.wait_for(at).group(1, 2)
        our_id, our_address = ours.wait_for(r'"id":"([^"]+)".*"address":"([^"]+)"').groups()
        our_url = f"ws://{our_address}/rpc"
        play("switchboard list finds all three by mDNS", exercises.found, {node_id, python_id, our_id})
        for name, program, id in (("Node", node, node_id), ("Python", python, python_id)):
            play(f"switchboard shows, sets and watches the board in {name}", exercises.driven, program, id)
            play("switchboard check passes on it", exercises.conforms, id, "--allow-changes", without=["is open", "lacks the feature", "accepts no firmware"])
        # The list is sorted by name; ours is between them.
        window = [(0, "Node lamp", node_id), (2, "Python lamp", python_id)]
        play("the window shows the boards in Node and Python, and a click switches each", exercises.in_the_window, window)
        presses = ((node_url, "Node", lambda: node.type("press")), (python_url, "Python", lambda: python.type("press")),
                   (our_url, "Rust, a virtual one", lambda: ours.type("press ours button:0")))
        for language in ("Node", "Python"):
            for url, name, press in presses:
                play(f"client in {language}, board in {name}", exercises.client, language, url, press)
        play("each one-liner of websocat/README.md", exercises.one_liners, our_address, ours)
        play("switchboard check passes on a virtual board", exercises.conforms, our_id, "--allow-changes", without=["is open", "require signatures"])
        play("and lists what it skipped without --allow-changes", exercises.conforms, our_address, without=["is open", "require signatures", "--allow-changes"])
    keys = f"{exercises.home.name}/boards"
    with exercises.virtual_board("--name", "locked", "--locked", "--keys", keys) as locked:
        id, address = locked.wait_for(r'"id":"([^"]+)".*"address":"([^"]+)"').groups()
        play("switchboard check on a locked board, without its key", exercises.conforms, id, without=["is locked"])
        exercises.ask("keys", "add", f"{keys}/{id}.key")
        play("and with it", exercises.conforms, id, "--allow-changes", without=["is locked"])
    play("the page in Chromium shows and switches a board", exercises.page)
    print(f"{exercises.passed} passed, {exercises.failed} failed, {exercises.skipped} skipped")
    return 1 if exercises.failed else 0


if __name__ == "__main__":
    sys.exit(main())
