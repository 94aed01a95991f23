"""What the package wled says of the double of a WLED."""

import asyncio
import contextlib

import aiohttp
from wled import (
    WLED,
    LiveDataOverride,
    WLEDConnectionClosedError,
    WLEDInvalidResponseError,
)
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from boards import Updates, started

# The client knows no port but 80.
WHERE = ["--bind", "127.0.0.2", "--port", "80"]
STILL = ["--family", "wled", "--still", "--no-mdns", *WHERE]


@contextlib.asynccontextmanager
async def listening(boards):
    """A client that listens, what it is told, and the task that listens."""
    async with WLED(boards.address()[0]) as light:
        await light.update()
        await light.connect()
        updates = Updates()
        task = asyncio.create_task(light.listen(updates))
        try:
            await updates.until(lambda _: True)
            yield light, updates, task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            await light.disconnect()


async def is_read_whole(program):
    async with started(program, *STILL) as boards, WLED(boards.address()[0]) as light:
        device = await light.update()
        assert f"wled-{device.info.mac_address}" == boards.id()
        assert device.info.version is not None
        assert len(device.effects) > 100
        assert all("RSVD" not in effect.name for effect in device.effects.values())
        assert device.effects[9].metadata is not None
        assert len(device.palettes) > 40
        assert [preset.name for preset in device.presets.values()] == ["Evening", "Work"]
        (playlist,) = device.playlists.values()
        assert [entry.preset for entry in playlist.entries] == [1, 2]
        assert list(device.state.segments) == [0]
        assert device.led_config.outputs[0].length == device.info.leds.count
        before = await boards.tell("counts 1")
        await light.update()
        after = await boards.tell("counts 1")
        assert after["http_requests"] == before["http_requests"] + 1, "names were read again"


async def is_switched_and_heard(program):
    async with started(program, *STILL) as boards, listening(boards) as (light, updates, _):
        await light.master(on=False)
        await updates.until(lambda device: device.state.on is False)
        await boards.tell("press 1")
        await updates.until(lambda device: device.state.on is True)
        await light.master(brightness=77)
        await updates.until(lambda device: device.state.brightness == 77)
        await light.segment(0, color_primary=(1, 2, 3), effect=9, palette=4, speed=50)
        (device,) = await updates.until(lambda device: device.state.segments[0].effect_id == 9)
        segment = device.state.segments[0]
        assert segment.color.primary == (1, 2, 3)
        assert (segment.palette_id, segment.speed) == (4, 50)
        await light.preset("Evening")
        await updates.until(lambda device: device.state.preset_id == 1)
        await light.playlist("Both in turn")
        await updates.until(lambda device: device.state.playlist_id == 3)
        await light.nightlight(on=True, duration=5)
        await updates.until(lambda device: device.state.nightlight.on)
        await light.sync(send=True, receive=False)
        (device,) = await updates.until(lambda device: device.state.sync.send)
        assert device.state.sync.receive is False
        await light.live(LiveDataOverride.ON)
        await updates.until(lambda device: device.state.live_data_override == 1)
        await light.transition(20)
        await updates.until(lambda device: device.state.transition == 20)


async def has_segments_that_come_and_go(program):
    async with started(program, *STILL, "--segments", "2") as boards:
        async with listening(boards) as (light, updates, _):
            await light.segment(2, start=0, stop=5, name="Shelf")
            (device,) = await updates.until(lambda device: len(device.state.segments) == 3)
            assert device.state.segments[2].name == "Shelf"
            await light.segment(0, start=0, stop=0)
            await updates.until(lambda device: list(device.state.segments) == [1, 2])


async def is_busy_and_recovers(program):
    async with started(program, *STILL) as boards, listening(boards) as (light, updates, _):
        await boards.tell("busy 1 1")
        await light.master(brightness=9)
        await updates.until(lambda device: device.state.brightness == 9)
        # Busy by WebSocket: the client asks for the state.
        await boards.tell('raw 1 {"error":3}')
        await updates.until(lambda device: device.state.brightness == 9)


async def ends_the_oldest_connection(program):
    async with started(program, *STILL) as boards, listening(boards) as (_, _, task):
        async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as others:
            for _ in range(4):
                url = f"ws://{boards.address()[0]}/ws"
                await others.enter_async_context(session.ws_connect(url))
            try:
                async with asyncio.timeout(10):
                    await task
                raise AssertionError("the oldest connection was kept")
            except WLEDConnectionClosedError:
                pass


async def can_send_what_is_no_json(program):
    async with started(program, *STILL) as boards, listening(boards) as (_, _, task):
        await boards.tell("raw 1 ceci n'est pas un objet")
        try:
            async with asyncio.timeout(10):
                await task
            raise AssertionError("it was accepted")
        except WLEDInvalidResponseError:
            pass


async def may_be_small(program):
    """An ESP8266; the fourth double has no palettes."""
    arguments = ["--family", "wled", "--still", "--no-mdns", "--bind", "127.0.0.2"]
    ports = ["--port", "77", "--esp8266"]
    async with started(program, *arguments, *ports, boards=4), WLED("127.0.0.2") as light:
        device = await light.update()
        assert device.info.architecture == "esp8266"
        assert device.palettes == {}
        assert len(device.effects) > 100


async def restarts(program):
    async with started(program, *STILL) as boards, listening(boards) as (light, _, task):
        await light.reset()
        try:
            async with asyncio.timeout(10):
                await task
            raise AssertionError("it has not restarted")
        except WLEDConnectionClosedError:
            pass
        await light.connect()
        assert light.connected


async def is_found(program):
    async with started(program, "--family", "wled", "--still", *WHERE) as boards:
        async with AsyncZeroconf(interfaces=["127.0.0.1"]) as browser:
            seen = Updates()
            found = AsyncServiceBrowser(
                browser.zeroconf,
                "_wled._tcp.local.",
                handlers=[lambda zeroconf, service_type, name, state_change: seen(name)],
            )
            mac = boards.id().removeprefix("wled-")
            (name,) = await seen.until(lambda name: name.startswith(f"wled-{mac[6:]}."))
            await found.async_cancel()
            info = await browser.async_get_service_info("_wled._tcp.local.", name)
            assert info.decoded_properties == {"mac": mac}
            assert (info.parsed_addresses(), info.port) == (["127.0.0.2"], 80)


EXERCISES = [
    is_read_whole,
    is_switched_and_heard,
    has_segments_that_come_and_go,
    is_busy_and_recovers,
    ends_the_oldest_connection,
    can_send_what_is_no_json,
    may_be_small,
    restarts,
    is_found,
]
