"""A board over real sockets."""

import asyncio
import json

import switchboard as sb
from harness import HANDSHAKE, Client, Closed, request, served


async def start(**options):
    """A board with one of several kinds, and its port."""
    light, button = sb.Light(brightness=60), sb.Button()
    sensor, event = sb.Sensor(), sb.Event(types=("ring",))

    @button.pressed
    def toggle(pressed):
        light.on = not light.on

    board = sb.Board(
        "Test", light, button, sensor, event, id="test-1", store=None, mdns=False,
        bind="127.0.0.1", **options
    )  # fmt: skip
    return board, await served(board)


async def several(count, opening, port):
    """MicroPython has no `await` in a list comprehension."""
    opened = []
    for _ in range(count):
        opened.append(await opening(port))
    return opened


async def connected(port):
    return (await asyncio.open_connection("127.0.0.1", port))[0]


async def until(condition):
    """Waits until it is so, for three seconds at most."""
    for _ in range(300):
        if condition():
            return
        await asyncio.sleep_ms(10)
    assert condition()


async def subscribed(port):
    client = await Client.open(port)
    client.snapshot = await client.call("Device.Subscribe")
    return client


async def test_changes_are_pushed_before_the_answer_and_only_to_subscribers():
    board, port = await start()
    one, two, three = await subscribed(port), await subscribed(port), await Client.open(port)
    result = await one.call("Light.Set", id=0, on=True)
    assert result == {"seq": 1, "was_on": False}
    params = one.pushes[0]["params"]
    assert params["prev"] == 0 and params["seq"] == 1 and params["source"] == "client:1"
    assert params["light:0"] == {"on": True}
    other = (await two.message())["params"]
    assert other["light:0"] == {"on": True} and other["source"] == "client:1"
    assert await three.quiet()
    assert await one.call("Light.Set", id=0, on=True) == {"seq": 1, "was_on": True}
    assert not one.pushes
    for client in (one, two, three):
        client.end()


async def test_the_measurements_of_one_pass_are_one_push():
    board, port = await start()
    client = await subscribed(port)
    for value in (1, 2, 3):
        board.components[2].value = value
    params = (await client.message())["params"]
    assert params["sensor:0"] == {"value": 3} and params["seq"] == 1
    assert params["source"] == "physical"
    # A command ends the batch, so that the order is kept.
    board.components[2].value = 4
    await client.call("Light.Set", id=0, on=True)
    assert [p["params"]["seq"] for p in client.pushes] == [2, 3]
    client.end()


class Readings:
    """A board on a clock of its own whose sensor is read at some times. Its task
    that pushes would wake `late` ms late. Nothing is awaited in between."""

    def __init__(self, board, late=0):
        self.board, self.late, self.ms, self.values = board, late, 0, 0
        self.seqs = []
        board.now = lambda: self.ms

    def wait(self, until):
        board = self.board
        if board._batch is not None and board._due + self.late <= until:
            self.ms = board._due + self.late
            board._flush()
            self.seqs.append((board.seq, self.ms))
        self.ms = until

    def read(self, at):
        self.wait(at)
        self.values += 1
        self.board.components[2].value = self.values


async def test_a_sensor_read_every_100_ms_has_a_push_for_each_reading():
    for late in (0, 5):
        board, port = await start()
        readings = Readings(board, late)
        for count in range(50):
            readings.read(1000 + 100 * count + (5, 2, 8, 0, 5, 9, 1)[count % 7])
        readings.wait(6100)
        assert board.seq == 50, board.seq


async def test_a_sensor_read_every_30_ms_has_ten_pushes_per_second():
    board, port = await start()
    client = await subscribed(port)
    readings = Readings(board)
    for count in range(10):
        readings.read(1000 + 30 * count)
    readings.wait(1299)
    assert readings.seqs == [(1, 1000), (2, 1100), (3, 1200)]
    readings.wait(1300)
    assert readings.seqs[3:] == [(4, 1300)] and board._batch is None
    for seq, value in ((1, 1), (2, 4), (3, 7), (4, 10)):
        params = (await client.message())["params"]
        assert params["seq"] == seq and params["sensor:0"] == {"value": value}
    client.end()


async def test_an_event_comes_before_the_change_that_it_causes():
    board, port = await start()
    client = await subscribed(port)
    board.components[1].press()
    first, second = await client.message(), await client.message()
    assert first["method"] == "NotifyEvent" and second["method"] == "NotifyStatus"
    happened = {"component": "button:0", "event": "press"}
    assert first["params"]["events"] == [happened]
    assert first["params"]["source"] == second["params"]["source"] == "physical"
    board.components[3].fire("ring")
    assert (await client.message())["params"]["events"][0]["component"] == "event:0"
    client.end()


async def test_a_slow_client_misses_values_in_between_but_never_the_last():
    board, port = await start()
    client = await subscribed(port)
    slow = board._clients[0]
    stopped = asyncio.Event()
    write, slow.link.send = slow.link.send, None

    async def held(data):
        await stopped.wait()
        await write(data)

    slow.link.send = held
    for seq in range(1, 31):
        board._commit("timer", board._change, board.components[0], {"brightness": seq})
        await asyncio.sleep_ms(0)
    assert len(slow.queue) == 8 and slow.merged is not None
    stopped.set()
    seen, brightness = 0, None
    while seen < 30:
        params = (await client.message())["params"]
        assert params["prev"] == seen, params
        seen, brightness = params["seq"], params["light:0"]["brightness"]
    assert brightness == 30
    client.end()


async def test_a_client_with_a_full_queue_is_closed_at_an_event():
    board, port = await start()
    client = await subscribed(port)
    slow = board._clients[0]
    for _ in range(9):
        board.components[3].fire("ring")
    assert slow.closing[0] == 1013
    assert await client.closed() == 1013
    client.end()


async def test_a_fifth_controller_is_refused_and_a_freed_slot_can_be_used():
    board, port = await start()
    clients = await several(4, Client.open, port)
    status, _, body = await request(port, HANDSHAKE % ("/rpc", ""))
    assert status == 503 and json.loads(body)["error"]["data"]["reason"] == "all_places_taken"
    for client in clients:
        assert "uptime_ms" in await client.call("Sys.Ping")
    clients[0].end()
    await until(lambda: len(board._clients) == 3)
    again = await Client.open(port)
    assert again.status == 101
    for client in clients[1:] + [again]:
        client.end()


async def test_clients_are_listed_and_closed():
    board, port = await start()
    one, two = await Client.open(port), await Client.open(port)
    log = await Client.open(port, "/log?level=debug")
    found = (await one.call("Clients.List"))["clients"]
    assert [(c["id"], c["kind"], c.get("you", False)) for c in found] == [
        (1, "rpc", True), (2, "rpc", False), (3, "log", False)
    ]  # fmt: skip
    assert found[0]["from"].startswith("127.0.0.1:")
    assert await one.call("Clients.Close", id=1) == (-32003, "your_own")
    assert await one.call("Clients.Close", id=9) == (-32001, "not_found")
    assert await one.call("Clients.Close", id=2) == {}
    assert await two.closed() == 1000
    for client in (one, two, log):
        client.end()


async def test_a_reboot_is_announced_to_all_and_begins_a_new_epoch():
    board, port = await start()
    one, two = await subscribed(port), await Client.open(port)
    epoch = one.snapshot["epoch"]
    assert "seq" in await one.call("Device.Reboot")
    for client in (one, two):
        event = (await client.message())["params"]["events"][0]
        assert event == {"component": "sys:0", "event": "rebooting"}
        assert await client.closed() == 1012
        client.end()
    before = board.now()
    await until(lambda: board.epoch != epoch and not board._rebooting)
    again = await subscribed(port)
    assert again.snapshot["epoch"] != epoch and again.snapshot["uptime_ms"] < before + 500
    assert (await again.call("Device.GetInfo"))["reset_reason"] == "software"
    again.end()


async def test_a_silent_client_is_pinged_after_20_s_and_closed_after_60():
    board, port = await start()
    client = await Client.open(port)
    board._began -= 20000
    opcode, _ = await asyncio.wait_for(client.frame(), 2)
    assert opcode == 9
    await client.send_frame(10, b"")
    await until(lambda: board._clients[0].pong_ms is not None)
    board._began -= 59000
    assert (await asyncio.wait_for(client.frame(), 2))[0] == 9
    board._began -= 2000
    assert await client.closed() == 1001
    client.end()


async def test_a_client_that_breaks_the_rules_is_told_which():
    board, port = await start()
    for opcode, payload, code in (
        (2, b"{}", 1003),
        (1, b"\xff", 1007),
        (1, b"x" * 2049, 1009),
        (3, b"", 1002),
        (9, b"x" * 126, 1002),
        (8, b"\x03", 1002),
        (8, b"\x03\xe8", 1000),
        (8, b"\x0b\xb8bye", 3000),
    ):
        client = await Client.open(port)
        await client.send_frame(opcode, payload)
        closed = await client.closed()
        assert closed == code, (opcode, payload[:8], closed)
        client.end()
    client = await Client.open(port)
    client.stream.write(b"\x81\x02{}")  # not masked
    assert await client.closed() == 1002
    client.end()


async def test_the_log_is_read_as_text_and_as_notifications():
    board, port = await start()
    reader = await Client.open(port, "/log?level=debug")
    opcode, line = await asyncio.wait_for(reader.frame(), 2)
    assert opcode == 1 and b"info  started: " in line, line
    client = await Client.open(port)
    assert await client.call("Log.Subscribe", level="warn") == {"level": "warn"}
    board.log("too hot", "error")
    message = await client.message()
    assert message["method"] == "NotifyLog"
    assert message["params"]["lines"][0]["message"] == "too hot"
    await client.call("Light.Set", id=0, on=True)
    lines = b""
    while b"Light.Set" not in lines:
        lines += (await asyncio.wait_for(reader.frame(), 2))[1] + b"\n"
    assert b"debug client:2 Light.Set" in lines
    assert await client.call("Log.Subscribe", level="loud") == (-32602, "not_an_option")
    client.end()
    reader.end()


POST = "POST /rpc HTTP/1.1\r\nHost: localhost\r\n"

REQUESTS = (
    ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200),
    ("HEAD / HTTP/1.1\r\nHost: test-1.local\r\n\r\n", 200),
    ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET /telemetry HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
    ("GET / HTTP/1.1\r\nHost: stranger.example\r\n\r\n", 421),
    ("GET http://stranger.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
    ("GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
    ("GET http://localhost/ HTTP/1.1\r\nHost: stranger.example\r\n\r\n", 200),
    ("GET / HTTP/1.0\r\n\r\n", 200),
    ("GET / HTTP/1.1\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
    ("GET / HTTP/1.1\nHost: localhost\n\n", 400),
    ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400),
    ("\x16\x03\x01", 400),
    ("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ("PUT /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
    ("GET /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
    ("POST /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n", 411),
    ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
    ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2049\r\n\r\n", 413),
    ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
    (POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415),
    (POST.encode() + b"Content-Encoding: \xff\r\nContent-Length: 2\r\n\r\n{}", 415),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: \xff\r\nUpgrade: \xc3\r\n\r\n", 200),
    ((HANDSHAKE % ("/ws", "")).encode().replace(b"Version: 13", b"Version: \xff"), 426),
    ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 2\r\n\r\n{}", 403),
    (POST + "Origin: http://panel.example\r\nContent-Length: 2\r\n\r\n{}", 200),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n" + "A: b\r\n" * 39 + "\r\n", 200),
    ("GET / HTTP/1.1\r\nHost: localhost\r\n" + "A: b\r\n" * 40 + "\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: localhost\r\nA: " + "b" * 4096, 431),
    (HANDSHAKE % ("/rpc", "Origin: http://stranger.example\r\n"), 403),
    (HANDSHAKE % ("/rpc", "Sec-WebSocket-Protocol: switchboard.v2\r\n"), 400),
    (HANDSHAKE % ("/log?level=loud", ""), 400),
    (HANDSHAKE.replace("13", "8") % ("/ws", ""), 426),
    (HANDSHAKE.replace("==", "") % ("/ws", ""), 400),
)  # fmt: skip


async def test_each_http_request_has_its_status():
    board, port = await start(allow_origins=("http://panel.example",))
    for text, expected in REQUESTS:
        status, fields, body = 0, {}, ""
        if type(text) is str and text.startswith("HEAD"):
            stream, _ = await asyncio.open_connection("127.0.0.1", port)
            stream.write(text.encode())
            status = int((await stream.readline()).split()[1])
            stream.s.close()
        else:
            status, fields, body = await request(port, text)
        assert status == expected, (text[:60], status, body)


async def test_a_connection_serves_several_requests():
    board, port = await start()
    stream, _ = await asyncio.open_connection("127.0.0.1", port)
    body = '{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}'
    text = "POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )
    for at in range(0, len(text * 2), 7):  # in pieces that end anywhere
        stream.write((text * 2)[at : at + 7].encode())
        await stream.drain()
        await asyncio.sleep_ms(1)
    for _ in range(2):
        line = await stream.readline()
        assert line.startswith(b"HTTP/1.1 200"), line
        size = 0
        while line.strip():
            line = await stream.readline()
            if line.lower().startswith(b"content-length"):
                size = int(line.split()[1])
        assert b'"result":{"uptime_ms"' in await stream.readexactly(size)
    stream.s.close()


async def test_strangers_that_send_nothing_do_not_keep_a_client_out():
    board, port = await start()
    silent = await several(20, connected, port)
    await asyncio.sleep_ms(100)
    assert len(board._links) <= 8
    for attempt in range(20):
        try:
            client = await asyncio.wait_for(Client.open(port), 2)
            assert "uptime_ms" in await client.call("Sys.Ping")
            break
        except (OSError, ValueError, IndexError, EOFError, asyncio.TimeoutError, Closed):
            assert attempt < 19
    for stream in silent:
        stream.s.close()
    client.end()


async def test_controllers_are_not_displaced_by_other_connections():
    board, port = await start()
    clients = await several(4, Client.open, port)
    others = await several(12, connected, port)
    await asyncio.sleep_ms(100)
    for client in clients:
        assert "uptime_ms" in await client.call("Sys.Ping")
        client.end()
    for stream in others:
        stream.s.close()


async def test_an_unfinished_head_is_answered_with_408_and_silence_without_an_answer():
    board, port = await start()
    half, _ = await asyncio.open_connection("127.0.0.1", port)
    half.write(b"GET / HT")
    nothing, _ = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep_ms(50)
    board._began -= 6000
    line = await asyncio.wait_for(half.readline(), 2)
    assert line.startswith(b"HTTP/1.1 408"), line
    assert await asyncio.wait_for(nothing.readline(), 2) == b""
    half.s.close()
    nothing.s.close()


async def test_after_a_408_the_connection_ends():
    board, port = await start()
    stream = await connected(port)
    stream.write(b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{")
    await until(lambda: board._links and board._links[0].stage == 3)
    board._began -= 6000
    line = await asyncio.wait_for(stream.readline(), 2)
    assert line.startswith(b"HTTP/1.1 408"), line
    # The rest of the body is no request.
    try:
        stream.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        rest = await asyncio.wait_for(stream.read(-1), 3)
    except OSError:
        rest = b""
    assert b"\r\nConnection: close\r\n" in b"\r\n" + rest and b"HTTP/1.1" not in rest
    stream.s.close()


async def test_a_connection_that_is_sent_a_response_is_not_idle():
    board, port = await start()
    get = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    busy, idle = await connected(port), await connected(port)
    held, sends = asyncio.Event(), []
    await until(lambda: len(board._links) == 2)
    busy.write(get)
    await until(lambda: [link for link in board._links if link.stage == 1])
    link = [link for link in board._links if link.stage == 1][0]
    send = link.send

    async def hold(data):
        sends.append(data)
        await held.wait()
        await send(data)

    link.send = hold
    busy.write(get)
    await until(lambda: sends)
    idle.write(get)
    await until(lambda: [other for other in board._links if other.stage == 1])
    assert board._evict_for("198.51.100.1") and link in board._links
    held.set()
    busy.s.close()
    idle.s.close()


async def test_a_board_without_memory_accepts_the_next_connection():
    failures = [MemoryError] * 3

    def failing(listener):
        if failures:
            raise failures.pop()
        return asyncio.sleep_ms(1)

    board, port = await start()

    class Listener:
        def accept(self):
            raise OSError(11)  # EAGAIN

    def no_memory(mine):
        raise MemoryError

    evict, board._evict_for = board._evict_for, no_memory
    readable_of_socket, sb._readable = sb._readable, failing
    task = asyncio.create_task(board._accept(Listener()))
    await until(lambda: not failures)
    await asyncio.sleep_ms(30)
    sb._readable, board._evict_for = readable_of_socket, evict
    assert not task.done()
    task.cancel()


async def test_a_reboot_without_memory_is_tried_again_at_the_next_request():
    board, port = await start()
    restart = board._restart

    def no_memory():
        raise MemoryError

    board._restart = no_memory
    client = await Client.open(port)
    epoch = board.epoch
    await client.start("Device.Reboot")
    await until(lambda: not board._links)
    board._restart = restart
    await request(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(lambda: board.epoch != epoch)
    client.end()


async def test_an_echo_returns_messages_up_to_its_limit():
    board, port = await start()
    board.echo_limit = 500
    echo = await Client.open(port, "/ws")
    for opcode, payload in ((1, "é…😀".encode()), (2, bytes(range(256))), (2, b"")):
        await echo.send_frame(opcode, payload)
        assert await asyncio.wait_for(echo.frame(), 2) == (opcode, payload)
    await echo.send_frame(2, b"a" * 400, last=False)
    await echo.send_frame(0, b"b" * 101)
    assert await echo.closed() == 1009
    echo.end()


async def test_requests_are_answered_in_their_order():
    board, port = await start()
    client = await subscribed(port)
    for at in range(30):
        await client.start("Light.Set", id=0, on=at % 2 == 0)
    answers = []
    while len(answers) < 30:
        message = await client.message()
        if "id" in message:
            answers.append(message["id"])
    assert answers == list(range(2, 32))
    client.end()


async def test_when_no_socket_is_left_a_connection_that_waits_is_ended():
    board, port = await start()
    client = await Client.open(port)
    silent = await connected(port)
    await asyncio.sleep_ms(80)

    class Listener:
        def accept(self):
            raise OSError(23)  # ENFILE

    async def at_once(listener):
        await asyncio.sleep_ms(1)

    readable, sb._readable = sb._readable, at_once
    task = asyncio.create_task(board._accept(Listener()))
    await asyncio.sleep_ms(50)
    task.cancel()
    sb._readable = readable
    assert await asyncio.wait_for(silent.read(1), 2) == b""
    assert "uptime_ms" in await client.call("Sys.Ping")
    client.end()
    silent.s.close()


async def test_a_pin_is_watched_and_functions_are_called_again_and_again():
    levels = [1, 1, 0, 1, 0, 0, 0, 0, 1, 1]
    button, sensor = sb.Button(pin=lambda: levels.pop(0) if levels else 1), sb.Sensor()
    board = sb.Board(
        "Test", button, sensor, id="test-1", store=None, mdns=False, bind="127.0.0.1"
    )  # fmt: skip
    presses = []
    button.pressed(presses.append)

    @board.every(0.01)
    def measure():
        sensor.value = (sensor.value or 0) + 1
        if sensor.value == 2:
            raise ValueError("the sensor does not answer")

    await served(board)
    await until(lambda: not levels and (sensor.value or 0) > 5)
    assert presses == ["press"], presses
