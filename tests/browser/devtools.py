"""Drives pages in Chromium over its DevTools protocol, through a pair of pipes.

https://chromedevtools.github.io/devtools-protocol/: JSON messages, each followed by a zero byte.
"""

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from chromium import FLAGS

PATIENCE = 30


class Failed(Exception):
    """A command was refused, or what was waited for did not come."""


class Browser:
    def __init__(self, process, to, back):
        self.process, self.to, self.back = process, to, back
        self.number = 0
        self.unread = b""
        self.events = []

    def send(self, method, session=None, **params):
        """Carries out a command, and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(deadline)
            if answer is None:
                raise Failed(f"no answer to {method}")
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise Failed(f"{method}: {answer['error']['message']}")
            else:
                return answer["result"]

    def receive(self, deadline):
        while b"\0" not in self.unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                return None
            piece = os.read(self.back, 1 << 16)
            if not piece:
                raise Failed("Chromium has ended")
            self.unread += piece
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def page(self, width=390, height=844, dark=False):
        """A page of a phone's size."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        page.send("Page.enable")
        page.send("Runtime.enable")
        page.send("Log.enable")
        page.resize(width, height)
        page.dark(dark)
        return page


class Page:
    def __init__(self, browser, session, target):
        self.browser, self.session, self.target = browser, session, target

    def send(self, method, **params):
        return self.browser.send(method, self.session, **params)

    def resize(self, width, height, scale=2):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=True)
        self.send("Emulation.setTouchEmulationEnabled", enabled=True)
        self.send("Emulation.setScrollbarsHidden", hidden=True)

    def dark(self, dark):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url):
        return self.send("Page.navigate", url=url)

    def before(self, script):
        """Runs a script in each page before those of the page."""
        self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def run(self, script):
        """The value of an expression; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise Failed(answer["exceptionDetails"].get("exception", {}).get("description", answer))
        return answer["result"].get("value")

    def until(self, script, patience=PATIENCE):
        """Waits until an expression is true, and returns its value."""
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(Failed):
                # A page that is being replaced has no scripts.
                if value := self.run(script):
                    return value
            if time.monotonic() > deadline:
                shown = self.run("document.body?.innerText")
                raise Failed(f"never true: {script}; the page shows: {shown}")
            time.sleep(0.05)

    def text(self):
        return self.run("document.body.innerText")

    def tap(self, selector):
        """Clicks the middle of an element as a mouse does, whatever lies over it."""
        middle = self.run(
            "(() => { const e = document.querySelector(" + json.dumps(selector) + ");"
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=middle[0], y=middle[1], button="left", clickCount=1)

    def key(self, key, code=None, text=""):
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, text=text if kind == "keyDown" else "",
                      windowsVirtualKeyCode={"Tab": 9, "Enter": 13, "Delete": 46, " ": 32, "ArrowRight": 39, "ArrowLeft": 37}.get(key, 0))

    def picture(self, path, whole=True):
        clip = {}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}
        image = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))

    def complaints(self):
        """What the browser's console would show as errors, since the last time."""
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        self.browser.events = [event for event in self.browser.events if event not in mine]
        found = []
        for event in mine:
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details["text"]))
        return found

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)


@contextlib.contextmanager
def browser(chromium, *arguments):
    """Runs Chromium, and yields a `Browser`."""
    to_read, to = os.pipe()
    back, back_write = os.pipe()
    # Chromium reads from 3 and writes to 4, which one of these may be.
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_read, back_write)]

    def connect():
        os.dup2(theirs[0], 3)
        os.dup2(theirs[1], 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [chromium, *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder}", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=connect, pass_fds=(3, 4), start_new_session=True,
        )
        for end in (to_read, back_write, *theirs):
            os.close(end)
        try:
            yield Browser(process, to, back)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(to)
            os.close(back)
