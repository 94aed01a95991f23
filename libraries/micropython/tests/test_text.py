"""JSON, UTF-8 and values."""

import switchboard as sb

JSON = (
    ("[1, -2.5, 6e1, true, false, null]", [1, -2.5, 60.0, True, False, None]),
    ('{"a":[1,{"b":[]}],"a":{"c":null}}', {"a": {"c": None}}),
    (" \t\r\n{ } ", {}),
    ('"\\u00e9\\n\\"\\ud83d\\ude00/"', 'é\n"😀/'),
    ("9223372036854775807", 9223372036854775807),
    ("0e99999999", 0.0),
    ("1.7976931348623157e308", 1.7976931348623157e308),
)

NOT_JSON = (
    "[1,2,]", '{"a":1,}', "[1 2]", '{"a" 1}', '{"a":1 "b":2}', "[1,,2]", "{,}", '{"a"}', "{1:2}",
    "nan", "NaN", "Infinity", "1e400", "-1e400", "1.7976931348623159e308", "1e99999999999",
    "2" * 309, "01", "+1", "1.", "-", ".5", "1e", "--1", "1-2", "0x10", "1_0",
    '"a\nb"', '"\\x41"', '"\\q"', '"\\u12"', '"\\u12 4"', '"\\u+123"', '"\\ud800"', '"\\ude00"',
    '"abc', '"a\\"', "[1", "tru", "", " ", "1 2", "{}x", "truefalse", "\x0c1", "\ufeff1",
)  # fmt: skip


def test_json_is_read_as_rfc_8259_has_it():
    for text, value in JSON:
        assert sb.parse_json(text.encode()) == value, text


def test_what_micropythons_own_parser_accepts_wrongly_is_refused():
    for text in NOT_JSON:
        try:
            value = sb.parse_json(text.encode())
        except sb.NotJson as error:
            assert error.args[0] == "not_json", text
        else:
            assert False, (text, value)


def test_nesting_ends_at_16_levels_without_recursion():
    for begin, end in (("[", "]"), ('{"a":', "}")):
        sb.parse_json((begin * 16 + "1" + end * 16).encode())
        for levels in (17, 300):
            try:
                sb.parse_json((begin * levels).encode())
                assert False
            except sb.NotJson as error:
                assert error.args[0] == "nested_too_deeply"


def test_utf8_is_checked_byte_by_byte():
    good = "aé…😀\u07ff\u0800\ud7ff\ue000\U0010ffff".encode()
    check = sb.Utf8()
    for at in range(len(good)):
        assert check.ok(good[at : at + 1])
    assert check.complete()
    for bad in (
        b"\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\x80", b"\xed\xa0\x80", b"\xf0\x8f\x80\x80",
        b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"\xc3A", b"\xe2\x82A",
    ):  # fmt: skip
        assert not sb.Utf8().ok(bad), bad
    open_end = sb.Utf8()
    assert open_end.ok(b"\xe2\x82") and not open_end.complete()


def test_text_is_cut_between_characters():
    assert sb._cut("x" * 240, 240) == "x" * 240
    for count in range(236, 244):
        cut = sb._cut("x" * count + "😀" * 20, 240)
        assert len(cut.encode()) <= 240 and cut.endswith("…")


def test_masks_are_removed_from_any_byte_on():
    payload = bytes(range(256)) + b"\x00\x00"
    mask = b"\x01\x80\xfe\x55"
    masked = bytes([byte ^ mask[at & 3] for at, byte in enumerate(payload)])
    for start in range(9):
        assert sb._unmask(masked[start:], mask, start & 3) == payload[start:]
    assert sb._unmask(b"", mask, 0) == b""


def test_origins_are_compared_as_a_whole():
    same = (("http://A.example", "http://a.example:80"), ("https://a", "HTTPS://a:443"))
    for one, other in same:
        assert sb._origin(one) == sb._origin(other)
    for text in ("null", "", "a.example", "http://", "http://a/b", "http://a:x"):
        assert sb._origin(text) is None, text
    assert sb._is_own("http://127.0.0.1:8080", "127.0.0.1:8080")
    assert sb._is_own("http://Lamp.local.", "lamp.local:80")
    for origin in ("https://1.2.3.4", "http://1.2.3.4:81", "null", "http://1.2.3.5"):
        assert not sb._is_own(origin, "1.2.3.4"), origin


def test_hosts_that_a_stranger_could_point_here_are_not_the_boards():
    for host in ("192.168.1.17:80", "[fe80::1%25wlan0]:80", "LocalHost", "lamp.LOCAL.", "bench-1"):
        assert sb._is_host_of(host, "bench-1"), host
    for host in ("a.example", "local", ".local", "1.2.3.256", "1.2.3.4.example", "", "[a]", "1:x"):
        assert not sb._is_host_of(host, "bench-1"), host


def test_whole_numbers_are_told_from_fractions():
    for value, whole in ((60, 60), (60.0, 60), (-0.0, 0), (1e300, int(1e300))):
        assert sb._whole(value) == whole
    for value in (60.5, True, "60", None, [60]):
        assert sb._whole(value) is None
    assert sb._tidy(24.0) == 24 and type(sb._tidy(24.0)) is int
    assert sb._tidy(float("nan")) is None and sb._tidy(float("inf")) is None


class Chance:
    """The same numbers in every run (a linear congruential generator)."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % limit


def changed(text, chance):
    text = bytearray(text)
    for _ in range(1 + chance.below(3)):
        at = chance.below(len(text))
        if chance.below(2):
            text[at] = chance.below(256)
        else:
            text = text[:at] + text[at + 1 + chance.below(4) :] or bytearray(b" ")
    return bytes(text)


def test_any_bytes_are_json_or_not_and_what_is_has_the_same_value():
    text = (
        '{"a":[1,-2.5e3,true,null,"é\\n\\u00e9\\ud83d\\ude00"],"b":{"c":[[],{}]},"d":0.1}'.encode()
    )
    chance = Chance(7)
    accepted = 0
    for _ in range(4000):
        some = changed(text, chance)
        if not sb._is_utf8(some):
            continue
        try:
            value = sb.parse_json(some)
        except sb.NotJson:
            continue
        accepted += 1
        assert sb.parse_json(sb._dumps(value).encode()) == value, some
    assert accepted > 100


def test_any_head_is_a_request_or_malformed():
    head = (
        b"GET /log?level=debug HTTP/1.1\r\nHost: [::1]:80\r\nOrigin: http://a:80\r\n"
        b"Content-Length: 5\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    board = sb.Board("Test", id="test-1", store=None, mdns=False)
    chance = Chance(11)
    routed = 0
    for _ in range(3000):
        try:
            request = sb._Request(changed(head, chance))
        except ValueError:
            continue
        board._route(None, request)
        routed += 1
    assert routed > 100
