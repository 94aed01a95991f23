"""What aioshelly says of the double of a Shelly."""

import contextlib
import time

import aiohttp
from aioshelly.common import ConnectionOptions, get_info
from aioshelly.exceptions import (
    DeviceConnectionError,
    InvalidAuthError,
    MacAddressMismatchError,
    RpcCallError,
)
from aioshelly.rpc_device import RpcDevice, RpcUpdateType, WsServer
from aioshelly.zeroconf import async_lookup_device_by_name
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from boards import Updates, eventually, started

PASSWORD = "correct horse"
FIRMWARES = ("1", "2")


def options(boards, password=None, **more):
    host, port = boards.address()
    user = "admin" if password else None
    return ConnectionOptions(host, user, password, port=port, **more)


@contextlib.asynccontextmanager
async def connected(boards, password=None):
    """An initialized device and what its listener is told."""
    async with aiohttp.ClientSession() as session:
        device = await RpcDevice.create(session, None, options(boards, password))
        updates = Updates()
        device.subscribe_updates(updates)
        await device.initialize()
        try:
            yield device, updates
        finally:
            await device.shutdown()


def pushed(key, field, value):
    return lambda device, kind: (
        kind is RpcUpdateType.STATUS and device.status[key].get(field) == value
    )


def happened(event):
    return lambda device, kind: (
        kind is RpcUpdateType.EVENT
        and any(found["event"] == event for found in device.event["events"])
    )


async def is_initialized_switched_and_heard(program):
    """With each firmware, with and without a password."""
    for firmware in FIRMWARES:
        for password in (None, PASSWORD):
            arguments = ["--family", "shelly", "--model", "plus2pm", "--still", "--no-mdns"]
            arguments += ["--firmware", firmware]
            arguments += ["--password", password] if password else []
            async with started(program, *arguments) as boards:
                await initialize_switch_and_hear(boards, password)


async def initialize_switch_and_hear(boards, password):
    async with aiohttp.ClientSession() as session:
        host, port = boards.address()
        info = await get_info(session, host, port=port)
        assert info["id"] == boards.id()
    async with connected(boards, password) as (device, updates):
        assert device.firmware_supported, device.firmware_version
        assert device.requires_auth is (password is not None)
        assert (device.model, device.gen) == ("SNSW-002P16EU", 2)
        assert set(device.status) >= {"switch:0", "switch:1", "input:0", "input:1", "sys", "wifi"}
        await device.switch_set(0, True)
        await updates.until(pushed("switch:0", "output", True))
        await boards.tell("switch 1 off 0")
        await updates.until(pushed("switch:0", "output", False))
        assert device.status["switch:0"]["source"] == "button"
        assert device.status["switch:0"]["voltage"] > 200, "a delta was merged"
        await boards.tell("press 1 input:1 double_push")
        await updates.until(happened("double_push"))
        await device.poll()
        assert "Switch.Set" in await device.methods_list()
        assert await device.script_list() == []
        assert (await device.ble_getconfig())["enable"] is False
        await device.kvs_set("note", {"a": 1})
        assert (await device.kvs_get("note"))["value"] == {"a": 1}
        try:
            await device.switch_set(7, True)
            raise AssertionError("there is no switch 7")
        except RpcCallError as error:
            assert error.code == -105
        await device.trigger_reboot(10)
        await updates.until(lambda _, kind: kind is RpcUpdateType.DISCONNECTED)
        await device.initialize()
        assert device.connected


async def has_every_component(program):
    arguments = ["--family", "shelly", "--model", "everything", "--still", "--no-mdns"]
    async with started(program, *arguments) as boards:
        async with connected(boards) as (device, updates):
            dynamic = {f"{kind}:200" for kind in ("boolean", "number", "text", "enum", "button")}
            assert dynamic <= set(device.config), "all pages were read"
            await device.number_set(200, 25)
            await updates.until(pushed("number:200", "value", 25))
            await device.enum_set(200, "away")
            await updates.until(pushed("enum:200", "value", "away"))
            await device.text_set(200, "Hello")
            await updates.until(pushed("text:200", "value", "Hello"))
            await device.boolean_set(200, True)
            await updates.until(pushed("boolean:200", "value", True))
            await device.button_trigger(200, "single_push")
            await updates.until(happened("single_push"))
            await device.call_rpc("Light.Set", {"id": 0, "on": True, "brightness": 33})
            await updates.until(pushed("light:0", "brightness", 33))
            await device.cover_set_position(0, 90)
            await updates.until(pushed("cover:0", "state", "closing"))
            await updates.until(pushed("cover:0", "current_pos", 90))
            await device.smoke_mute_alarm(0)
            await updates.until(pushed("smoke:0", "mute", True))
            await device.trigger_ota_update()
            await updates.until(happened("ota_progress"))
            await updates.until(lambda _, kind: kind is RpcUpdateType.DISCONNECTED)
            await device.initialize()
            assert device.version == "2.0.1"


async def refuses_a_wrong_password(program):
    for firmware in FIRMWARES:
        arguments = ["--family", "shelly", "--still", "--no-mdns", "--password", PASSWORD]
        async with started(program, *arguments, "--firmware", firmware) as boards:
            for wrong in ("incorrect", None):
                try:
                    async with connected(boards, wrong):
                        raise AssertionError(f"{wrong} was accepted")
                except InvalidAuthError:
                    pass
            async with connected(boards, PASSWORD):
                pass
            await digest_over_http(boards)


async def digest_over_http(boards):
    """aiohttp has its own implementation of RFC 7616."""
    host, port = boards.address()
    url = f"http://{host}:{port}/rpc/Switch.Set?id=0&on=true"
    for password, status in ((PASSWORD, 200), ("incorrect", 401)):
        digest = aiohttp.DigestAuthMiddleware("admin", password)
        async with aiohttp.ClientSession(middlewares=(digest,)) as session:
            for _ in range(3):
                async with session.get(url) as response:
                    assert response.status == status, response.status


async def renews_nonces(program):
    """The end of a nonce is never seen as an error."""
    arguments = ["--family", "shelly", "--still", "--no-mdns", "--password", PASSWORD]
    for firmware in FIRMWARES:
        # Firmware 2 counts the uses.
        few = ["--firmware", firmware, "--nonce-uses", "4"]
        async with started(program, *arguments, *few) as boards:
            async with connected(boards, PASSWORD) as (device, updates):
                for on in (True, False) * 10:
                    await device.switch_set(1, on)
                await boards.tell("expire 1")
                await device.switch_set(1, True)
                await updates.until(pushed("switch:1", "output", True))


async def throttles_after_failed_attempts(program):
    """Firmware 2 answers 429 even to who knows the password."""
    arguments = ["--family", "shelly", "--still", "--no-mdns", "--firmware", "2"]
    async with started(program, *arguments, "--password", PASSWORD) as boards:
        async with connected(boards, PASSWORD) as (device, _):
            for _ in range(10):
                try:
                    async with connected(boards, "incorrect"):
                        raise AssertionError("a wrong password was accepted")
                except (InvalidAuthError, DeviceConnectionError):
                    pass
            try:
                async with connected(boards, PASSWORD):
                    raise AssertionError("it gave another nonce")
            except DeviceConnectionError as error:
                assert "429" in repr(error) or "Too many" in repr(error), repr(error)
            # Who has a nonce goes on with it.
            await device.switch_set(1, True)


async def throttles_and_recovers(program):
    """home-assistant/core#177257 and #178327: a cached nonce gets 429, and a
    request without authentication is what helps."""
    arguments = ["--family", "shelly", "--still", "--no-mdns", "--firmware", "2"]
    arguments += ["--password", PASSWORD]
    for command in ("exhaust 1", "throttle 1 1.5"):
        async with started(program, *arguments) as boards:
            async with connected(boards, PASSWORD) as (device, _):
                await boards.tell(command)
                began = time.monotonic()
                try:
                    await device.switch_set(1, True)
                    raise AssertionError("the nonce was accepted")
                except RpcCallError as error:
                    assert error.code == 429, error

            async def once_more():
                async with connected(boards, PASSWORD) as (device, _):
                    await device.switch_set(1, True)

            await eventually(once_more, RpcCallError, DeviceConnectionError)
            assert time.monotonic() - began > 1, "it recovered too early"


async def wakes_and_connects(program):
    """A battery-powered one connects to the client's server."""
    server = WsServer()
    await server.initialize(8123, "/shelly")
    arguments = ["--family", "shelly", "--model", "ht", "--still", "--no-mdns"]
    arguments += ["--call", "ws://127.0.0.1:8123/shelly"]
    async with started(program, *arguments) as boards, aiohttp.ClientSession() as session:
        mac = boards.id().split("-")[1].upper()
        device = await RpcDevice.create(session, server, options(boards, device_mac=mac))
        updates = Updates()
        device.subscribe_updates(updates)
        await boards.tell("wake 1")
        await updates.until(lambda _, kind: kind is RpcUpdateType.ONLINE)
        await device.initialize()
        assert device.status["devicepower:0"]["battery"]["percent"] == 87
        assert device.status["sys"]["wakeup_period"] > 0
        await boards.tell("set 1 temperature:0 {\"tC\": 25.5}")
        await updates.until(pushed("temperature:0", "tC", 25.5))
        await device.shutdown()
    server.close()


async def refuses_another_mac(program):
    arguments = ["--family", "shelly", "--still", "--no-mdns"]
    async with started(program, *arguments) as boards, aiohttp.ClientSession() as session:
        wrong = options(boards, device_mac="AABBCCDDEEFF")
        device = await RpcDevice.create(session, None, wrong)
        try:
            await device.initialize()
            raise AssertionError("another device was accepted")
        except MacAddressMismatchError:
            pass


async def is_found(program):
    """By its service type with the TXT record, and by its name."""
    async with started(program, "--family", "shelly", "--still") as boards:
        async with AsyncZeroconf(interfaces=["127.0.0.1"]) as browser:
            seen = Updates()
            found = AsyncServiceBrowser(
                browser.zeroconf,
                "_shelly._tcp.local.",
                handlers=[lambda zeroconf, service_type, name, state_change: seen(name)],
            )
            (name,) = await seen.until(lambda name: name.lower().startswith(boards.id()))
            await found.async_cancel()
            info = await browser.async_get_service_info("_shelly._tcp.local.", name)
            properties = info.decoded_properties
            assert properties == {"gen": "2", "app": "Plus2PM", "ver": "1.5.1"}, properties
            where = await async_lookup_device_by_name(browser, name.split(".")[0])
            assert where == boards.address()


EXERCISES = [
    is_initialized_switched_and_heard,
    has_every_component,
    refuses_a_wrong_password,
    renews_nonces,
    throttles_after_failed_attempts,
    throttles_and_recovers,
    wakes_and_connects,
    refuses_another_mac,
    is_found,
]
