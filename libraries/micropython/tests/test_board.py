"""What a board does with components and requests; without sockets."""

import json
import os

import switchboard as sb
from harness import refusal

# The cases that all boards share.
STEPS = (__file__.rpartition("/")[0] or ".") + "/../../../tests/boards/exchanges/steps.txt"


def make(*components, **options):
    options.setdefault("store", None)
    options.setdefault("mdns", False)
    return sb.Board("Test", *components, id="test-1", **options)


def ask(board, method, **params):
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    answer = json.loads(board.answer(None, text.encode()))
    if "error" in answer:
        return answer["error"]["code"], answer["error"]["data"]["reason"]
    return answer["result"]


def test_a_command_is_carried_out_completely_or_not_at_all():
    light = sb.Light(brightness=60, rgb=True, ct_k=3000)
    board = make(light)
    assert ask(board, "Light.Set", id=0, on=True, brightness=101) == (-32602, "out_of_range")
    assert not light.on and light.brightness == 60 and board.seq == 0
    assert ask(board, "Light.Set", id=0, on=True, rgb=[1, 2.0, 3]) == {"seq": 1, "was_on": False}
    assert light.rgb == [1, 2, 3] and light.ct_k is None
    assert ask(board, "Light.Set", id=0, on=True) == {"seq": 1, "was_on": True}
    assert ask(board, "Light.Set", id=0, ct_k=4000, rgb=[9, 9, 9])["seq"] == 2
    assert light.ct_k is None and light.rgb == [9, 9, 9]


def test_a_handler_sees_the_new_state_and_may_refuse_it():
    seen = []
    switch = sb.Switch()
    board = make(switch)

    @switch.changed
    def show(one):
        seen.append(one.on)
        if len(seen) == 2:
            raise sb.Refused("too_hot", "wait until it has cooled down")

    assert ask(board, "Switch.Toggle", id=0) == {"seq": 1, "was_on": False}
    assert ask(board, "Switch.Toggle", id=0) == (-32003, "too_hot")
    assert switch.on and seen == [True, False] and board.seq == 1


def test_a_fault_in_a_handler_does_not_end_the_board():
    switch = sb.Switch()
    board = make(switch)
    switch.changed(lambda one: 1 // 0)
    assert ask(board, "Switch.Set", id=0, on=True)["seq"] == 1
    assert "ZeroDivisionError" in board._log.lines[-1][2]


def test_a_press_and_its_effects_are_one_change():
    light, other, button = sb.Light(), sb.Light(), sb.Button()
    board = make(light, other, button)

    @button.pressed
    def toggle(event):
        light.on = other.on = event == "press"

    assert ask(board, "Button.Press", id=0) == {"seq": 1}
    assert light.on and other.on
    assert ask(board, "Button.Press", id=0, event="tap") == (-32602, "not_an_option")
    button.press("long_press")
    assert not light.on and board.seq == 2


def test_values_are_checked_like_parameters():
    sensor, number, text = sb.Sensor(decimals=1), sb.Number(step=5), sb.Text()
    board = make(sensor, number, text)
    sensor.value = 21.449
    number.value = 52.4
    assert sensor.value == 21.4 and number.value == 50 and type(number.value) is int
    sensor.value = None
    assert sensor.value is None
    sensor.value = float("nan")
    assert '"sensor:0":{"value":null}' in sb._dumps(board._snapshot(None))
    assert refusal(setattr_of(sensor), "warm") == "wrong_type"
    assert refusal(setattr_of(number), 101) == "out_of_range"
    assert refusal(setattr_of(text), "a\x85b") == "control_character"
    assert refusal(setattr_of(text), "é" * 128) == "out_of_range"


def setattr_of(component, field="value"):
    return lambda value: setattr(component, field, value)


def test_numbers_are_rounded_to_the_nearest_step_up_to_their_maximum():
    cases = 0
    with open(STEPS) as file:
        for line in file:
            if line.startswith("#"):
                continue
            value, least, most, step, expected = (float(part) for part in line.split())
            number = sb.Number(value=value, min=least, max=most, step=step)
            make(number)
            assert number.value == expected, (line, number.value)
            cases += 1
    assert cases > 10


def test_wrong_components_are_refused_when_they_are_made():
    for wrong in (
        lambda: make(sb.Number(min=5, max=5)),
        lambda: make(sb.Select()),
        lambda: make(allow_origins=("panel.example",)),
        lambda: make(allow_origins=("http://panel.example", "null")),
        lambda: sb.Board("Test", id="Upper", store=None, mdns=False),
        lambda: make(*[sb.Text("T%d" % n, "x" * 250) for n in range(16)]),
    ):
        try:
            wrong()
            assert False
        except (ValueError, TypeError):
            pass
    assert refusal(make, sb.Light(brightness=101)) == "out_of_range"
    assert refusal(sb.Board, "") == "out_of_range"


def test_ids_keep_their_digits_and_invalid_ones_are_refused():
    board = make()
    for given, kept in (
        ("9223372036854775807", "9223372036854775807"),
        ('"\\u00e9"', '"é"'),
        ("9223372036854775808", None),
        ("1.0", None),
        ("null", None),
        ("true", None),
        ('"' + "x" * 63 + '"', None),
    ):
        text = '{"jsonrpc":"2.0","id":%s,"method":"Sys.Ping"}' % given
        answer = board.answer(None, text.encode())
        expected = '"id":%s,"result"' % kept if kept else '"reason":"bad_id"'
        assert expected in answer, (given, answer)


def test_a_request_without_id_is_carried_out_and_not_answered():
    switch = sb.Switch()
    board = make(switch)
    head = b'{"jsonrpc":"2.0","method":"Switch.Set","params":'
    assert board.answer(None, head + b'{"id":0,"on":true}}') is None and switch.on
    assert board.answer(None, head + b"null}") is None
    assert '"id":null' in board.answer(None, b'{"jsonrpc":"1.0"}')


def test_texts_of_quotation_marks_fit_into_the_state_or_are_refused_at_the_start():
    def texts(count):
        return [sb.Text("Text %d" % n) for n in range(count)]

    board = make(*texts(6))
    for n in range(6):
        assert ask(board, "Text.Set", id=n, value='"' * 255)["seq"] == n + 1
    assert len(ask(board, "Device.GetStatus")["text:5"]["value"]) == 255
    try:
        make(*texts(7))
        assert False, "seven texts may not fit"
    except ValueError:
        pass


def test_the_most_that_a_new_project_may_have_fits():
    kinds = (
        [sb.Text] * 4
        + [
            lambda: sb.Light(brightness=100, rgb=True, ct_k=6500, white=255),
            lambda: sb.Number(value=-1e6, min=-1e6, max=1e6, step=1000),
            lambda: sb.Select(options=("automatic", "day", "night")),
            sb.Cover,
        ]
        * 3
    )
    assert len(ask(make(*[kind() for kind in kinds]), "Device.GetStatus")) == 19


def test_rounding_does_not_make_a_large_number_infinite():
    sensor, number = sb.Sensor(), sb.Number(value=0, min=0, max=1e308, step=1e-9)
    board = make(sensor, number)
    for value in (1e305, -1e305, 1.25):
        sensor.value = value
        assert sensor.value == value
    coarse = sb.Sensor(decimals=0)
    coarse.value = 1e305
    assert coarse.value == 1e305
    sensor.value = float("inf")
    assert sensor.value is None
    assert ask(board, "Number.Set", id=0, value=1e305) == {"seq": board.seq}
    assert number.value == 1e305


def test_a_cover_takes_time():
    for seconds in (0, -1):
        try:
            sb.Cover(seconds=seconds)
            assert False, "a cover that takes no time"
        except ValueError:
            pass
    cover = sb.Cover(seconds=0.0001)
    board = make(cover)
    ask(board, "Cover.Open", id=0)
    board._change(cover, cover._advance(board.now() + 1))
    assert cover.state == "open"


def test_a_cover_whose_handler_refuses_reports_where_it_is():
    cover = sb.Cover(position=100, seconds=10)
    board = make(cover)
    ask(board, "Cover.Close", id=0)

    @cover.changed
    def refuse(one):
        raise sb.Refused("jammed", "the motor does not stop")

    board._began -= 5000
    seq = board.seq
    assert ask(board, "Cover.Open", id=0) == (-32003, "jammed")
    assert cover.state == "closing" and cover.position < 60 and board.seq == seq + 1
    board._began -= 9000
    assert ask(board, "Cover.Open", id=0) == (-32003, "jammed")
    assert cover._state == {"state": "closed", "position": 0} and board.seq == seq + 2
    cover._handler = None
    ask(board, "Cover.Open", id=0)
    cover.changed(refuse)
    board._began -= 11000
    board._move_covers(False)
    board._flush()
    assert cover._state == {"state": "open", "position": 100} and board.seq == seq + 4
    assert board._log.lines[-1][1:] == (1, "the motor does not stop")


def test_a_position_that_the_program_sets_is_where_the_next_movement_begins():
    cover = sb.Cover(position=100, seconds=10)
    board = make(cover)
    cover.position = 40
    assert refusal(setattr_of(cover, "position"), 500) == "out_of_range"
    assert cover._advance(board.now())["position"] == 40
    ask(board, "Cover.Open", id=0)
    board._began -= 1000
    cover.position = 20
    board._began -= 1000
    board._move_covers(True)
    assert cover.state == "opening" and 29 <= cover.position <= 32
    cover._set({"state": "stopped", "position": 50})
    board._began -= 1000
    board._move_covers(True)
    assert cover._state == {"state": "stopped", "position": 50}


class Subscriber:
    """A client as far as changes concern it."""

    subscribed, level, closed = True, None, None

    def put_status(self, *change):
        pass

    def shut(self, code, reason):
        self.closed = code


def no_memory(*arguments):
    raise MemoryError


def test_a_change_that_cannot_be_pushed_closes_its_subscribers():
    switch, client = sb.Switch(), Subscriber()
    board = make(switch)
    board._clients.append(client)
    board._status = no_memory
    assert ask(board, "Switch.Toggle", id=0)["seq"] == 1
    assert client.closed == 1013 and switch.on


def test_without_memory_for_a_batch_the_next_change_is_pushed():
    sensor, client = sb.Sensor(), Subscriber()
    board = make(sensor)
    board._clients.append(client)
    create, sb.asyncio = sb.asyncio, Without
    try:
        sensor.value = 1
    finally:
        sb.asyncio = create
    assert client.closed == 1013 and board._batch is None and board.seq == 1


class Without:
    """asyncio on a chip without memory."""

    create_task = staticmethod(no_memory)


def test_what_could_not_be_saved_is_saved_later():
    store = "/tmp/mpy-store-%d.json" % board_number()
    switch = sb.Switch()
    board = make(switch, store=store)
    switch._state["on"] = True
    board._keep()
    dump, sb.json = sb.json, NoDump
    try:
        board._save()
    finally:
        sb.json = dump
    assert board._dirty is not None
    board._save()
    with open(store) as file:
        assert json.load(file)["switch:0"] == {"on": True}
    os.remove(store)
    try:
        os.remove(store + ".new")
    except OSError:
        pass


class NoDump:
    dump = staticmethod(no_memory)


def test_a_fault_without_memory_to_report_it_ends_nothing():
    board = make()
    board.log = no_memory
    board._continued(no_memory)

    def refuse():
        raise sb.Refused("no", "not now")

    board._continued(refuse)


def test_an_answer_that_does_not_fit_is_an_error_and_lists_come_in_pages():
    board = make(*[sb.Button("Button %d" % n, icon="mdi:" + "x" * 90) for n in range(60)])
    found = []
    while len(found) < 60:
        method = '"method":"Device.GetComponents","params":{"offset":%d}' % len(found)
        text = board.answer(None, ('{"jsonrpc":"2.0","id":1,%s}' % method).encode())
        assert len(text) <= 4096
        found += json.loads(text)["result"]["components"]
    assert [one["key"] for one in found] == ["button:%d" % n for n in range(60)]
    assert ask(board, "Device.GetComponents", offset=99)["components"] == []
    assert ask(board, "Device.GetComponents", limit=0) == (-32602, "out_of_range")


def test_a_cover_reports_where_it_is_and_not_where_it_is_told_to_go():
    cover = sb.Cover(position=100, seconds=10)
    states = []
    cover.changed(lambda one: states.append(one.state))
    board = make(cover)
    ask(board, "Cover.Set", id=0, position=40)
    assert cover._state == {"state": "closing", "position": 100} and states == ["closing"]
    board._change(cover, cover._advance(board.now() + 3000))
    assert 68 <= cover.position <= 72 and cover.state == "closing"
    board._change(cover, cover._advance(board.now() + 9000))
    assert cover._state == {"state": "open", "position": 40} and states == ["closing", "open"]
    ask(board, "Cover.Open", id=0)
    board._start("software")
    assert cover._state == {"state": "open", "position": 40}


def test_the_name_and_the_outputs_are_kept_without_power():
    store = "/tmp/mpy-store-%d.json" % board_number()
    light, sensor = sb.Light(brightness=10), sb.Sensor()
    board = make(light, sensor, store=store)
    ask(board, "Device.SetName", name="Ünï")
    ask(board, "Light.Set", id=0, on=True, brightness=70)
    sensor.value = 3
    board._save()
    light, sensor = sb.Light(brightness=10), sb.Sensor()
    shown = []
    light.changed(lambda one: shown.append(one.brightness))
    again = make(light, sensor, store=store)
    again._load()
    assert again.name == "Ünï" and light.on and shown == [70] and sensor.value is None
    assert again.seq == 0
    with open(store, "w") as file:
        file.write('{"name":"","light:0":{"brightness":500,"on":7}}')
    damaged = make(sb.Light(brightness=10), store=store)
    damaged._load()
    assert damaged.name == "Test" and damaged.components[0].brightness == 10
    os.remove(store)


def board_number():
    return int.from_bytes(os.urandom(3), "big")


def test_the_log_keeps_4_kib_and_counts_what_a_reader_missed():
    log = sb._Log()

    class Reader:
        level, passed, lost = 2, 0, 0

    for n in range(200):
        log.add(n, n % 4, "line %d\x07" % n)
    kept = list(log.unread(Reader))
    missed = log.lost(Reader)
    assert missed + len(kept) == 150 and log.bytes <= 4096
    assert kept[-1][2] == "line 198 "
    assert all(level <= 2 for _, level, _ in kept)
    log.add(0, 0, "é" * 200)
    assert len(log.lines[-1][2].encode()) <= 240 and log.lines[-1][2].endswith("…")
    for _ in range(50):
        log.add(0, 0, "é" * 100)
    assert sum([len(message.encode()) + 32 for _, _, message in log.lines]) <= 4096


def test_time_goes_on_when_the_ticks_wrap_around():
    board = make()
    before = board.now()
    board._ticks = sb.time.ticks_add(board._ticks, -(1 << 29) + 5)
    assert board.now() - before >= (1 << 29) - 10
