"""What the package hatasmota says of the double of a Tasmota board."""

import asyncio
import contextlib
import json
import shutil
import socket
import tempfile
from pathlib import Path

import paho.mqtt.client as paho
from hatasmota import const
from hatasmota.discovery import (
    TasmotaDiscovery,
    get_entities_for_platform,
    get_entity,
    get_trigger,
    get_triggers,
)
from hatasmota.mqtt import ReceiveMessage, TasmotaMQTTClient

from boards import Boards, Updates, line_of

PATIENCE = 15


@contextlib.asynccontextmanager
async def broker():
    """A mosquitto on loopback; its port."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "broker.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
        process = await asyncio.create_subprocess_exec(
            program, "-c", config, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    with contextlib.suppress(OSError):
                        _, writer = await asyncio.open_connection("127.0.0.1", port)
                        writer.close()
                        break
                    await asyncio.sleep(0.05)
            yield port
        finally:
            process.terminate()
            await process.wait()


class Client:
    """hatasmota's client on top of paho."""

    def __init__(self, port):
        self.loop = asyncio.get_running_loop()
        self.callbacks = {}
        self.paho = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.paho.on_message = self.arrived
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        self.tasmota = TasmotaMQTTClient(self.publish, self.subscribe, self.unsubscribe)

    def arrived(self, _client, _data, message):
        self.loop.call_soon_threadsafe(self.dispatch, message)

    def dispatch(self, message):
        received = ReceiveMessage(
            message.topic, message.payload.decode(), message.qos, message.retain
        )
        for topic, callbacks in list(self.callbacks.items()):
            if paho.topic_matches_sub(topic, message.topic):
                for callback in list(callbacks):
                    outcome = callback(received)
                    if asyncio.iscoroutine(outcome):
                        self.loop.create_task(outcome)

    async def publish(self, topic, payload, qos, retain):
        self.paho.publish(topic, payload, qos or 0, bool(retain))

    async def subscribe(self, state, topics):
        for entry in topics.values():
            self.callbacks.setdefault(entry["topic"], []).append(entry["msg_callback"])
            self.paho.subscribe(entry["topic"])
        return topics

    async def unsubscribe(self, state):
        return {}

    def close(self):
        self.paho.loop_stop()
        self.paho.disconnect()


@contextlib.asynccontextmanager
async def found(program, model):
    """A double, hatasmota's view of its configuration, and a client."""
    brokered = Path(program).with_name("brokered-boards")
    async with broker() as port:
        process = await asyncio.create_subprocess_exec(
            brokered,
            *("--broker", f"127.0.0.1:{port}", "--tasmota", "1", "--model", model),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        client = Client(port)
        try:
            boards = Boards(process, [await line_of(process)])
            devices, sensors = Updates(), Updates()

            async def device(config, mac):
                devices(config, mac)

            async def listed(configs, mac):
                sensors(configs, mac)

            discovery = TasmotaDiscovery("tasmota/discovery", client.tasmota)
            await discovery.start_discovery(device, listed)
            config, mac = await devices.until(lambda config, mac: config)
            assert f"tasmota-{mac.lower()}" == boards.id()
            yield boards, config, client, sensors
        finally:
            process.stdin.write(b"quit\n")
            await process.wait()
            client.close()


async def entity(config, platform, client, at=0):
    """An entity of the board that is subscribed to, and what it is told."""
    configs = [one for one, _ in get_entities_for_platform(config, platform) if one]
    subject = get_entity(configs[at], client.tasmota)
    updates = Updates()
    subject.set_on_state_callback(lambda *state, **more: updates(state, more))
    await subject.subscribe_topics()
    return subject, updates


async def is_a_plug_that_is_switched_and_heard(program):
    async with found(program, "plug") as (boards, config, client, _):
        relay, updates = await entity(config, "switch", client)
        await relay.set_state(True)
        await updates.until(lambda state, more: state == (True,))
        await boards.tell("switch 1 off")
        await updates.until(lambda state, more: state == (False,))
        assert (await boards.tell("state 1"))["on"] == [False]


async def reports_sensors_by_their_paths(program):
    async with found(program, "plug") as (boards, _, client, sensors):
        (configs, _) = await sensors.until(lambda configs, mac: configs)
        total = next(one for one, _ in configs if one.unique_id.endswith("ENERGY_Total"))
        assert total.unit == "kWh"
        sensor = get_entity(total, client.tasmota)
        updates = Updates()
        sensor.set_on_state_callback(lambda *state, **more: updates(state, more))
        await sensor.subscribe_topics()
        await boards.tell("report 1")
        await updates.until(lambda state, more: state == (1.25,))


async def reports_presses_of_its_button(program):
    async with found(program, "plug") as (boards, config, client, _):
        triggers = [one for one in get_triggers(config) if one.is_active]
        double = next(one for one in triggers if one.event == "DOUBLE")
        trigger = get_trigger(double, client.tasmota)
        updates = Updates()
        trigger.set_on_trigger_callback(lambda: updates())
        await trigger.subscribe_topics()
        await asyncio.sleep(0.2)
        await boards.tell("press 1 DOUBLE")
        await updates.until(lambda: True)


async def is_a_light_with_color_and_white(program):
    async with found(program, "light") as (_, config, client, _):
        light, updates = await entity(config, "light", client)
        assert light.light_type == 5
        await light.set_state(True, {"brightness": 70, "color_hs": [120, 80]})
        (_, more) = await updates.until(
            lambda state, more: more.get("attributes", {}).get("color_hs") == [120.0, 80.0]
        )
        assert more["attributes"]["brightness"] == 70
        await light.set_state(True, {"color_temp": 300, "transition": 2})
        (_, more) = await updates.until(
            lambda state, more: more.get("attributes", {}).get("white_value")
        )
        assert more["attributes"]["color_temp"] == 300
        await light.set_state(False, {})
        await updates.until(lambda state, more: state == (False,))


async def is_a_shutter_that_moves(program):
    async with found(program, "shutter") as (_, config, client, _):
        shutter, updates = await entity(config, "cover", client)
        await shutter.open()
        await updates.until(lambda state, more: more.get("direction") == 1)
        await updates.until(lambda state, more: more.get("position") == 100)
        await shutter.set_position(30)
        await updates.until(lambda state, more: more.get("position") == 30)


async def has_an_input(program):
    async with found(program, "dual") as (boards, config, client, _):
        switch, updates = await entity(config, "binary_sensor", client)
        await asyncio.sleep(0.2)
        await boards.tell("input 1 on")
        await updates.until(lambda state, more: state == (True,))


async def says_whether_it_is_there(program):
    async with found(program, "plug") as (boards, config, client, _):
        relay, _ = await entity(config, "switch", client)
        seen = Updates()

        async def available(is_there):
            seen(is_there)

        relay.set_on_availability_callback(available)
        await boards.tell("stop 1")
        await seen.until(lambda is_there: not is_there)
        await boards.tell("start 1")
        await seen.until(lambda is_there: is_there)


async def moves_to_other_topics(program):
    async with found(program, "plug") as (boards, config, client, _):
        await boards.tell("topic 1 attic/%topic%/%prefix%/")
        messages = Updates()
        topic = f"tasmota/discovery/{config[const.CONF_MAC]}/config"
        await client.subscribe(None, {"x": {"topic": topic, "msg_callback": messages}})
        await messages.until(lambda message: "attic" in json.loads(message.payload)["ft"])


EXERCISES = [
    is_a_plug_that_is_switched_and_heard,
    reports_sensors_by_their_paths,
    reports_presses_of_its_button,
    is_a_light_with_color_and_white,
    is_a_shutter_that_moves,
    has_an_input,
    says_whether_it_is_there,
    moves_to_other_topics,
]
