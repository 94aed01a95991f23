"""Lets Home Assistant judge what a bridge publishes.

usage: judge.py EXAMPLE

EXAMPLE is the example home_assistant of switchboard-bridge. Its discovery
payloads pass Home Assistant's own schemas without losing a key, and then become
devices and entities of a real Home Assistant, which is to have no complaint.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as paho
import schemas
from home import Broker, Failed, Home, until
from homeassistant.components.mqtt.schemas import DEVICE_DISCOVERY_SCHEMA
from homeassistant.components.number.const import DEVICE_CLASS_UNITS as NUMBER_UNITS
from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS as SENSOR_UNITS

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "crates/bridge/tests"
BOARD = "sb-0a1b2c"
TOPIC = f"switchboard/home/{BOARD}"


class Example:
    """The example program: boards in, messages out."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def publish(self, board):
        self.process.stdin.write(json.dumps(board) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


def same_keys():
    """The list that the tests in Rust use is Home Assistant's."""
    listed = json.loads((TESTS / "accepted_keys.json").read_text())
    if listed != schemas.accepted():
        raise Failed("crates/bridge/tests/accepted_keys.json differs; write schemas.accepted() to it")


def schemas_accept(payload):
    """Home Assistant's schemas accept a payload and drop nothing of it."""
    DEVICE_DISCOVERY_SCHEMA(json.loads(json.dumps(payload)))
    for key, config in payload["components"].items():
        config = dict(config)
        platform = config.pop("platform")
        judged = schemas.discovery(platform)(dict(config))
        lost = set(config) - set(judged) - schemas.NEWER.get(platform, set())
        if lost:
            raise Failed(f"{key}: Home Assistant drops {sorted(lost)}")


def every_class(example):
    """Each device class is kept with each of its units, and with no other."""
    for kind, table in (("sensor", SENSOR_UNITS), ("number", NUMBER_UNITS)):
        pairs = [(str(name), unit and str(unit)) for name, units in table.items() for unit in units]
        components, states = [], {}
        for number, (name, unit) in enumerate(pairs + [(str(name), "furlong") for name in table]):
            key = f"{kind}:{number}"
            component = {"key": key, "kind": kind, "name": f"Value {number}", "device_class": name}
            if unit:
                component["unit_of_measurement"] = unit
            components.append(component)
            states[key] = {"value": 1, "min": 0, "max": 9, "step": 1}
        board = {"id": "sb-classes", "name": "Classes", "components": components, "states": states}
        payload = example.publish(board)["discovery"]["payload"]
        schemas_accept(payload)
        for component in components:
            config = payload["components"][component["key"].replace(":", "_")]
            name, unit = component["device_class"], component.get("unit_of_measurement")
            expected = name if unit != "furlong" else None
            if config.get("device_class") != expected:
                raise Failed(f"{kind} {name} in {unit}: published as {config.get('device_class')}")


class Bridge:
    """Publishes what the example says, and keeps what Home Assistant commands."""

    def __init__(self, example, broker):
        self.example, self.broker, self.commands = example, broker, []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bridge")
        self.client.will_set("switchboard/home/$bridge/attic", '{"state":"offline"}', 1, True)
        self.client.on_message = lambda _client, _data, message: self.commands.append((message.topic, json.loads(message.payload) if message.payload[:1] == b"{" else message.payload.decode()))
        self.socket = None

    def start(self):
        self.client.connect("127.0.0.1", self.broker.port)
        self.client.loop_start()
        for topic in ("set", "ha/set"):
            self.client.subscribe(f"switchboard/+/+/+/{topic}", 1)
        self.client.subscribe("switchboard/+/+/$command", 1)
        self.client.publish("switchboard/home/$bridge/attic", '{"state":"online"}', 1, True).wait_for_publish(10)

    def publish(self, board, removed=()):
        """Publishes a board, as docs/mqtt.md has it."""
        messages = self.example.publish(board)
        discovery = messages["discovery"]
        for key in removed:
            discovery["payload"]["components"][key] = {"platform": key.rsplit("_", 1)[0]}
        retained = {discovery["topic"]: discovery["payload"]}
        retained |= {f"switchboard/home/{board['id']}/{key}": state for key, state in board["states"].items()}
        retained |= {state["topic"]: state["payload"] for state in messages["states"]}
        retained[f"switchboard/home/{board['id']}/$availability"] = {"state": "online", "link": "connected"}
        for topic, payload in retained.items():
            self.client.publish(topic, json.dumps(payload), 1, True).wait_for_publish(10)

    def event(self, topic, event):
        self.client.publish(topic, json.dumps({"event": event}), 1, False).wait_for_publish(10)

    def retain(self, topic, text):
        self.client.publish(topic, text, 1, True).wait_for_publish(10)

    async def commanded(self, topic, payload):
        """Waits for a command of Home Assistant; there is to be just one."""
        await until(f"{topic} {payload}", lambda: (f"{TOPIC}/{topic}", payload) in self.commands)
        self.commands.clear()

    def cut(self):
        """Ends without a word, so that the broker publishes the will."""
        self.client.loop_stop()
        self.client.socket().close()


async def appear(home):
    """Every component is an entity with the state that the board reported."""
    device = await until("the device", lambda: home.device(BOARD))
    found = (device.name, device.manufacturer, device.model, device.sw_version)
    if found != ("Bench", "Switchboard", "test board", "1.2.3"):
        raise Failed(f"the device is {found}")
    await home.has(BOARD, "switch_0", "on", friendly_name="Bench", device_class="outlet")
    await home.has(BOARD, "binary_sensor_0", "unknown", friendly_name="Bench motion")
    await home.has(BOARD, "light_0", "on", color_mode="rgb", rgb_color=(255, 120, 40), brightness=153, effect="none")
    await home.has(BOARD, "light_1", "on", color_mode="rgbw", rgbw_color=(255, 120, 40, 7))
    await home.has(BOARD, "light_1_palette", "lava", options=["default", "lava"])
    await home.has(BOARD, "light_2", "off", min_color_temp_kelvin=2700, max_color_temp_kelvin=6500)
    await home.has(BOARD, "light_2_white", "7", min=0, max=255)
    await home.has(BOARD, "light_3", "unknown", supported_color_modes=["brightness"])
    await home.has(BOARD, "light_4", "off", supported_color_modes=["onoff"])
    await home.has(BOARD, "light_5", "on", rgb_color=(10, 20, 30))
    await home.has(BOARD, "cover_0", "open", current_position=40)
    await home.has(BOARD, "cover_1", "closed", device_class="garage")
    await home.has(BOARD, "sensor_0", "21.53", unit_of_measurement="°C", state_class="measurement")
    await home.has(BOARD, "sensor_1", "1.5", state_class="total_increasing", device_class="energy")
    await home.has(BOARD, "sensor_2", "3", unit_of_measurement="smileys")
    await home.has(BOARD, "sensor_3", "unknown", device_class="signal_strength")
    await home.has(BOARD, "number_0", "5", min=0, max=60, unit_of_measurement="s")
    await home.has(BOARD, "select_0", "auto", options=["auto", "manual"])
    await home.has(BOARD, "text_0", 'say "hi"', max=255)
    await home.has(BOARD, "text_sensor_0", "unknown")
    for key in ("button_0", "button_0_event", "event_0", "identify", "restart"):
        await home.has(BOARD, key, "unknown")
    await home.has(BOARD, "update_0", "on", installed_version="1.2.3", latest_version="1.3.0")
    await home.has(BOARD, "update_1", "off", in_progress=True, update_percentage=40)


async def command(home, bridge):
    """Service calls arrive as the commands that we document."""
    bridge.commands.clear()
    for service, key, data, topic, payload in [
        ("switch.turn_off", "switch_0", {}, "switch:0/set", {"on": False}),
        ("light.turn_on", "light_0", {"brightness_pct": 40, "transition": 2}, "light:0/ha/set", {"state": "ON", "brightness": 40, "transition": 2.0}),
        ("light.turn_on", "light_0", {"color_temp_kelvin": 3000}, "light:0/ha/set", {"state": "ON", "color_temp": 3000}),
        ("light.turn_on", "light_0", {"effect": "candle"}, "light:0/ha/set", {"state": "ON", "effect": "candle"}),
        ("light.turn_on", "light_1", {"rgbw_color": [1, 2, 3, 4]}, "light:1/ha/set", {"state": "ON", "color": {"r": 1, "g": 2, "b": 3, "w": 4}}),
        ("light.turn_off", "light_2", {}, "light:2/ha/set", {"state": "OFF"}),
        ("select.select_option", "light_1_palette", {"option": "default"}, "light:1/set", {"palette": "default"}),
        ("number.set_value", "light_2_white", {"value": 9}, "light:2/set", {"white": 9}),
        ("cover.open_cover", "cover_0", {}, "cover:0/ha/set", "OPEN"),
        ("cover.stop_cover", "cover_1", {}, "cover:1/ha/set", "STOP"),
        ("cover.set_cover_position", "cover_0", {"position": 30}, "cover:0/set", {"position": 30}),
        ("number.set_value", "number_0", {"value": 7.5}, "number:0/set", {"value": 7.5}),
        ("select.select_option", "select_0", {"option": "manual"}, "select:0/set", {"value": "manual"}),
        ("text.set_value", "text_0", {"value": 'a "b" \\ <ü>'}, "text:0/set", {"value": 'a "b" \\ <ü>'}),
        ("button.press", "button_0", {}, "button:0/ha/set", "press"),
        ("button.press", "identify", {}, "$command", {"method": "Device.Identify"}),
        ("update.install", "update_0", {}, "update:0/ha/set", "install"),
    ]:
        await home.call(service, BOARD, key, **data)
        await bridge.commanded(topic, payload)


async def follow(home, bridge, board):
    """A push, an event, and what disappears arrive."""
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/switch:0", '{"on":false}')
    await home.has(BOARD, "switch_0", "off")
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/sensor:0", '{"value":-3}')
    await home.has(BOARD, "sensor_0", "-3")
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/cover:1", '{"state":"opening","position":null}')
    await home.has(BOARD, "cover_1", "opening")
    await asyncio.to_thread(bridge.event, f"{TOPIC}/button:0/event", "double_press")
    await until("the event", lambda: home.state(BOARD, "button_0_event").attributes.get("event_type") == "double_press")
    gone = {"switch:0", "select:0"}
    board["components"] = [one for one in board["components"] if one["key"] not in gone]
    for key in gone:
        del board["states"][key]
    await asyncio.to_thread(bridge.publish, board, removed=("switch_0", "select_0"))
    await until("the removal", lambda: not home.entity(BOARD, "switch_0") and not home.entity(BOARD, "select_0"))
    await asyncio.to_thread(bridge.publish, board)
    await home.has(BOARD, "light_4", "off")
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/$availability", '{"state":"offline","link":"unreachable"}')
    await home.has(BOARD, "light_4", "unavailable")
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/$availability", '{"state":"online","link":"connected"}')
    await home.has(BOARD, "light_4", "off")


async def survive(home, bridge, board):
    """A restart of Home Assistant, the loss of the bridge, and its farewell."""
    await home.stop()
    await home.start()
    await home.has(BOARD, "sensor_0", "21.53")
    if home.entity(BOARD, "switch_0"):
        raise Failed("a component that was removed is back")
    await asyncio.to_thread(bridge.cut)
    await home.has(BOARD, "sensor_0", "unavailable")
    bridge = Bridge(bridge.example, bridge.broker)
    await asyncio.to_thread(bridge.start)
    await home.has(BOARD, "sensor_0", "21.53")
    await asyncio.to_thread(bridge.retain, f"homeassistant/device/{BOARD}/config", "")
    await until("the removal of the board", lambda: not home.device(BOARD))
    # Two clients with one identifier would disconnect each other.
    await asyncio.to_thread(bridge.cut)


async def complain(home, bridge, board):
    """What is wrong is noticed, so that silence means something."""
    bridge = Bridge(bridge.example, bridge.broker)
    await asyncio.to_thread(bridge.start)
    await asyncio.to_thread(bridge.publish, board)
    await home.has(BOARD, "number_0", "5")
    await asyncio.to_thread(bridge.retain, f"{TOPIC}/number:0", '{"value":"many"}')
    await until("a complaint", lambda: home.complaints.texts)


async def main(program):
    example = Example(program)
    same_keys()
    print("The keys that the tests in Rust accept are those of Home Assistant.")
    board = json.loads((TESTS / "support/everything.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        await asyncio.to_thread(broker.start)
        home, bridge = Home(Path(folder), broker), Bridge(example, broker)
        try:
            await home.start()
            every_class(example)
            print("Each device class is published with each of its units, and with no other.")
            schemas_accept(example.publish(board)["discovery"]["payload"])
            print("Home Assistant's schemas accept a board with every kind, and drop no key.")
            await asyncio.to_thread(bridge.start)
            await asyncio.to_thread(bridge.publish, board)
            for step in (appear(home), command(home, bridge), follow(home, bridge, board), survive(home, bridge, board)):
                began = time.monotonic()
                await step
                print(f"{step.__name__}: {time.monotonic() - began:.1f} s")
            if home.complaints.texts:
                raise Failed("Home Assistant complains:\n" + "\n".join(home.complaints.texts))
            await complain(home, bridge, board)
        finally:
            await home.stop()
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(example.end)
    print("A board with every kind was shown and commanded by Home Assistant, without a complaint.")


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1]))
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
