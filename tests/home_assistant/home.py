"""Home Assistant in this process: its core and its MQTT integration, without its
web frontend, over a broker of its own.
"""

import asyncio
import contextlib
import logging
import shutil
import socket
import subprocess
import time
from pathlib import Path

from homeassistant import block_async_io, bootstrap, runner
from homeassistant.helpers import device_registry, entity_registry

# What a home needs to be used by people is not under test, and would have to be
# downloaded.
bootstrap.DEFAULT_INTEGRATIONS = set()
bootstrap.CRITICAL_INTEGRATIONS = set()
bootstrap.STAGE_0_INTEGRATIONS = ()
bootstrap.STAGE_1_INTEGRATIONS = set()
# It can be enabled only once per process, and this one starts a home twice.
block_async_io.enable = lambda: None

DEADLINE = 30


class Failed(Exception):
    """Something that was to happen did not."""


async def until(what, condition, deadline=DEADLINE, pause=0.02):
    """Waits until a condition holds, and returns its value."""
    end = time.monotonic() + deadline
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {deadline} s")
        # Home Assistant's callbacks run in between.
        await asyncio.sleep(pause)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A mosquitto that keeps nothing when it ends."""

    def __init__(self, folder, settings=""):
        self.folder, self.settings, self.port, self.process = folder, settings, free_port(), None

    def start(self):
        config = self.folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n{self.settings}\n")
        self.process = subprocess.Popen(["mosquitto", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise Failed("mosquitto does not start")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(DEADLINE)
            self.process = None


class Complaints(logging.Handler):
    """What Home Assistant has to say about our messages."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        # Its sensors, numbers and others complain under their own names.
        if record.name.startswith(("homeassistant.components", "homeassistant.helpers")):
            self.texts.append(f"{record.name}: {record.getMessage()}")


class Home:
    """One Home Assistant, which can be restarted with its storage."""

    def __init__(self, folder, broker):
        self.folder, self.broker, self.hass = folder / "home", broker, None
        self.port = free_port()
        self.complaints = Complaints()
        self.empty()

    def empty(self):
        """Removes what it stored."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "configuration.yaml").write_text(
            "homeassistant:\n  name: Home\n  unit_system: metric\n  time_zone: UTC\n"
            f"http:\n  server_host: 127.0.0.1\n  server_port: {self.port}\n"
        )

    async def start(self):
        settings = runner.RuntimeConfig(config_dir=str(self.folder), skip_pip=True)
        self.hass = await bootstrap.async_setup_hass(settings)
        logging.getLogger().addHandler(self.complaints)
        await self.hass.async_start()
        if not self.hass.config_entries.async_entries("mqtt"):
            flows = self.hass.config_entries.flow
            form = await flows.async_init("mqtt", context={"source": "user"})
            data = {"broker": "127.0.0.1", "port": self.broker.port}
            result = await flows.async_configure(form["flow_id"], data)
            if str(result["type"]) != "create_entry":
                raise Failed(f"MQTT cannot be set up: {result}")
        await self.hass.async_block_till_done()

    async def stop(self):
        if self.hass:
            logging.getLogger().removeHandler(self.complaints)
            await self.hass.async_stop(force=True)
            self.hass = None

    def available(self):
        """The unique ids of the entities that are shown with a state of their own."""
        registry = entity_registry.async_get(self.hass)
        states = ((entry.unique_id, self.hass.states.get(entry.entity_id)) for entry in registry.entities.values())
        return {unique for unique, state in states if state and state.state != "unavailable" and unique.startswith("switchboard_")}

    def device(self, board):
        """The device of a board."""
        registry = device_registry.async_get(self.hass)
        return registry.async_get_device(identifiers={("mqtt", f"switchboard_{board}")})

    def entity(self, board, key):
        """The entity of a component, by its key in the discovery payload."""
        registry = entity_registry.async_get(self.hass)
        unique = f"switchboard_{board}_{key}"
        return next((entry for entry in registry.entities.values() if entry.unique_id == unique), None)

    def state(self, board, key):
        """The state of an entity; None if it does not exist."""
        entry = self.entity(board, key)
        return entry and self.hass.states.get(entry.entity_id)

    async def has(self, board, key, value, deadline=DEADLINE, **attributes):
        """Waits until an entity has a state."""

        def condition():
            state = self.state(board, key)
            if not state or state.state != value:
                return None
            same = all(state.attributes.get(name) == wanted for name, wanted in attributes.items())
            return state if same else None

        try:
            return await until(f"{board} {key} = {value} {attributes}", condition, deadline)
        except Failed as failed:
            state = self.state(board, key)
            attributes = state and dict(state.attributes)
            raise Failed(f"{failed}; it is {state and state.state} {attributes}") from None

    async def call(self, service, board, key, **data):
        """Calls a service for an entity, as an automation would."""
        domain, name = service.split(".")
        target = {"entity_id": self.entity(board, key).entity_id}
        await self.hass.services.async_call(domain, name, {**data, **target}, blocking=True)
