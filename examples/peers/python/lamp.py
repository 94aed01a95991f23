"""A board: a light, a button and a thermometer. Decides what a command does and what each controller is told; knows no socket."""

import platform
import secrets
import time
from dataclasses import dataclass
from typing import Callable

from wire import Refused, flag, push, whole, wrong

COMPONENTS = [
    {"key": "light:0", "kind": "light", "name": "Light", "icon": "mdi:lamp", "caps": {"brightness": True}},
    {"key": "button:0", "kind": "button", "name": "Button"},
    {
        "key": "sensor:0", "kind": "sensor", "name": "Temperature", "device_class": "temperature",
        "unit_of_measurement": "°C", "accuracy_decimals": 1, "state_class": "measurement",
    },
]


@dataclass
class Controller:
    send: Callable[[str], None]
    subscribed: bool = False
    seen: int = 0  # the last seq that it was sent


class Lamp:
    def __init__(self, id, name, mac):
        self.about = {
            "id": id, "name": name, "mac": mac, "version": "1.0.0", "platform": f"python {platform.python_version()}",
            "board": "Python lamp", "proto": 1, "features": [],
        }
        self.began = time.monotonic()
        self.epoch = secrets.token_hex(4)  # a new one for each run: if it changes, everything before is void
        self.seq = 0  # counts changes
        self.state = {"light:0": {"on": False, "brightness": 60}, "sensor:0": {"value": 21.5}}
        self.controllers = {}  # by number
        self.numbers = 0
        self.methods = {
            "Device.GetInfo": self.get_info,
            "Device.GetComponents": self.get_components,
            "Device.GetStatus": lambda params, number: self.snapshot(number),
            "Device.Subscribe": self.subscribe,
            "Sys.Ping": lambda params, number: {"uptime_ms": self.uptime()},
            "Light.Set": self.set_light,
            "Button.Press": self.press_button,
        }

    def connect(self, send):
        """A controller connects; `send` takes a text for it. Returns its number."""
        self.numbers += 1
        self.controllers[self.numbers] = Controller(send)
        return self.numbers

    def disconnect(self, number):
        del self.controllers[number]

    def call(self, number, method, params):
        """Carries out a request, and returns the result. Raises Refused."""
        if method not in self.methods:
            raise Refused(-32601, "no_such_method", f"there is no {method}; there are: {', '.join(self.methods)}")
        return self.methods[method](params, number)

    def get_info(self, params, number):
        return {**self.about, "epoch": self.epoch, "uptime_ms": self.uptime()}

    def get_components(self, params, number):
        offset = whole(params, "offset", 0) or 0
        limit = whole(params, "limit", 1) or len(COMPONENTS)
        return {"offset": offset, "total": len(COMPONENTS), "components": COMPONENTS[offset : offset + limit]}

    def subscribe(self, params, number):
        # Snapshot and subscription are one step: nothing can happen in between.
        controller = self.controllers[number]
        controller.subscribed, controller.seen = True, self.seq
        return self.snapshot(number)

    def set_light(self, params, number):
        self.only(params, "light")
        on, brightness = flag(params, "on"), whole(params, "brightness", 0, 100)
        whole(params, "transition_ms", 0, 10_000)
        # A parameter of the wrong JSON type is wrong_type, whatever else is
        # wrong with it.
        if not isinstance(params.get("ct_k", 0), int | float) or not isinstance(params.get("effect", ""), str):
            raise wrong("wrong_type", "ct_k is a number, effect a text")
        rgb = params.get("rgb", [])
        if not isinstance(rgb, list) or not all(isinstance(part, int | float) for part in rgb):
            raise wrong("wrong_type", "rgb is a list of numbers")
        for field in ("rgb", "ct_k", "effect"):
            if field in params:
                raise wrong("not_supported", f"this light has no {field}, only on and brightness")
        if on is None and brightness is None:
            raise wrong("missing", "one of on and brightness is expected")
        # Only now that everything is valid: a command is done completely or not
        # at all.
        was_on = self.state["light:0"]["on"]
        self.change("light:0", {"on": on, "brightness": brightness}, f"client:{number}")
        return {"seq": self.seq, "was_on": was_on}

    def press_button(self, params, number):
        self.only(params, "button")
        event = params.get("event", "press")
        if not isinstance(event, str):
            raise wrong("wrong_type", "event is a text")
        if event not in ("press", "double_press", "long_press"):
            raise wrong("not_an_option", "event is press, double_press or long_press")
        self.press(f"client:{number}", event)
        return {"seq": self.seq}

    def press(self, source="physical", event="press"):
        """Presses the button: by default at the board."""
        events = [{"component": "button:0", "event": event}]
        happened = {"epoch": self.epoch, "uptime_ms": self.uptime(), "source": source, "events": events}
        self.tell(lambda controller: push("NotifyEvent", happened))
        self.change("light:0", {"on": not self.state["light:0"]["on"]}, source)

    def measure(self, value):
        """The thermometer has a new reading."""
        self.change("sensor:0", {"value": round(value, 1)}, "physical")

    def uptime(self):
        return int((time.monotonic() - self.began) * 1000)

    def snapshot(self, client):
        return {"epoch": self.epoch, "seq": self.seq, "uptime_ms": self.uptime(), "client": client, **self.state}

    def only(self, params, kind):
        """There is one of each kind."""
        id = whole(params, "id")
        if id is None:
            raise wrong("missing", "id is missing")
        if id != 0:
            raise Refused(-32001, "not_found", f"there is only {kind}:0")

    def change(self, key, fields, source):
        """Applies what is new, and notifies every subscriber. An unchanged value is not a change."""
        before = self.state[key]
        changed = {field: value for field, value in fields.items() if value is not None and value != before[field]}
        if not changed:
            return
        before.update(changed)
        self.seq += 1

        def text(controller):
            prev, controller.seen = controller.seen, self.seq  # so that it can tell whether it missed something
            said = {"epoch": self.epoch, "prev": prev, "seq": self.seq, "uptime_ms": self.uptime(), "source": source}
            return push("NotifyStatus", {**said, key: changed})

        self.tell(text)

    def tell(self, text):
        for controller in self.controllers.values():
            if controller.subscribed:
                controller.send(text(controller))
