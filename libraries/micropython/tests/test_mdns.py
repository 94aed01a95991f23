"""The announcement, without a network."""

import asyncio
import socket
import time

import switchboard as sb
from harness import served


class Recorder:
    """A socket that keeps what is sent."""

    def __init__(self):
        self.sent = []

    def sendto(self, packet, to):
        self.sent.append((packet, to))


def responder(name="Test"):
    board = sb.Board(name, id="test-1", store=None, bind="127.0.0.1", port=8080)
    mdns = board._mdns
    mdns.socket, mdns.address, mdns.to = Recorder(), "127.0.0.1", "group"
    return mdns


def later(mdns, ms):
    """So much time passes."""
    mdns.board._uptime += ms


def query(*names, known=b"", authorities=0):
    head = bytes((0x12, 0x34, 0, 0, 0, len(names), 0, 1 if known else 0, 0, authorities, 0, 0))
    asked = b"".join([sb._encoded(name) + bytes((0, kind, 0, 1)) for name, kind in names])
    return head + asked + known


def records(packet):
    """(name, type, ttl, data) of all answers and additional records."""
    at, found = 12, []
    for _ in range(sb._u16(packet, 4)):
        _, at = sb._decoded(packet, at)
        at += 4
    for _ in range(sb._u16(packet, 6) + sb._u16(packet, 10)):
        name, at = sb._decoded(packet, at)
        size = sb._u16(packet, at + 8)
        ttl = int.from_bytes(packet[at + 4 : at + 8], "big")
        found.append((name, sb._u16(packet, at), ttl, packet[at + 10 : at + 10 + size]))
        at += 10 + size
    assert at == len(packet)
    return found


SERVICE = "_switchboard._tcp.local."


async def ask(mdns, packet, port=5353):
    await mdns._respond(packet, ("127.0.0.1", port))
    return mdns.socket.sent


async def test_a_query_for_the_service_gets_everything_that_a_controller_needs():
    sent = await ask(responder(), query((SERVICE, 12)))
    assert len(sent) == 1 and sent[0][1] == "group"
    found = {kind: (name, data) for name, kind, _, data in records(sent[0][0])}
    assert found[12] == (SERVICE, sb._encoded("test-1." + SERVICE))
    assert found[33] == ("test-1." + SERVICE, b"\0\0\0\0\x1f\x90" + sb._encoded("test-1.local."))
    assert found[1] == ("test-1.local.", b"\x7f\0\0\x01")
    texts, at = [], 0
    while at < len(found[16][1]):
        size = found[16][1][at]
        texts.append(str(found[16][1][at + 1 : at + 1 + size], "utf-8"))
        at += 1 + size
    assert texts[0] == "txtvers=1" and "id=test-1" in texts and "proto=1" in texts
    assert "friendly_name=Test" in texts


async def test_names_are_compared_without_case_and_others_are_ignored():
    mdns = responder()
    assert len(await ask(mdns, query(("_SwitchBoard._TCP.local.", 12)))) == 1
    assert len(await ask(mdns, query(("other.local.", 1), ("_http._tcp.local.", 12)))) == 1
    later(mdns, 1000)
    assert len(await ask(mdns, query(("TEST-1.local.", 255)))) == 2
    answer = b"\0\0\x84\0" + query((SERVICE, 12))[4:]
    assert len(await ask(mdns, answer)) == 2


async def test_what_the_querier_knows_is_not_repeated():
    data = sb._encoded("test-1." + SERVICE)
    for ttl, count in ((120, 0), (10, 1)):
        known = sb._encoded(SERVICE) + bytes((0, 12, 0, 1, 0, 0, 0, ttl, 0, len(data))) + data
        assert len(await ask(responder(), query((SERVICE, 12), known=known))) == count


async def test_a_resolver_of_unicast_dns_is_answered_directly():
    packet, to = (await ask(responder(), query(("test-1.local.", 1)), 40000))[0]
    assert to == ("127.0.0.1", 40000) and packet[:2] == b"\x12\x34"
    assert all(ttl <= 10 for _, _, ttl, _ in records(packet))


async def test_no_record_is_multicast_twice_within_a_second():
    mdns, passed = responder(), [0]
    mdns.board._clock = lambda: passed[0]
    host = query(("test-1.local.", 1))
    assert len(await ask(mdns, host)) == 1
    passed[0] += 900
    assert len(await ask(mdns, host)) == 1
    # The host's address was an additional record of nothing else.
    assert len(await ask(mdns, query((SERVICE, 12)))) == 2
    assert not [one for one in records(mdns.socket.sent[1][0]) if one[1] == 1]
    passed[0] += 200
    assert len(await ask(mdns, host)) == 3
    # Who asks for a name before taking it is told sooner, others are not.
    passed[0] += 240
    assert len(await ask(mdns, query(("test-1.local.", 255), authorities=1))) == 3
    passed[0] += 20
    assert len(await ask(mdns, host)) == 3
    assert len(await ask(mdns, query(("test-1.local.", 255), authorities=1))) == 4
    # Unicast answers are not limited.
    await ask(mdns, host, 40000)
    assert len(await ask(mdns, host, 40000)) == 6


async def test_announcements_are_a_second_apart():
    mdns = responder()
    for _ in range(9):
        mdns.announce()
    assert len(mdns.socket.sent) == 1
    mdns.board.name = "New name"
    later(mdns, 950)
    mdns.announce()
    await asyncio.sleep_ms(1100)
    assert len(mdns.socket.sent) == 2 and b"New name" in mdns.socket.sent[1][0]
    # None comes after a goodbye.
    mdns.announce()
    later(mdns, 950)
    mdns.goodbye()
    await asyncio.sleep_ms(1100)
    assert len(mdns.socket.sent) == 3


async def test_a_sender_in_another_network_is_not_answered_by_unicast():
    mdns = responder()
    packet = query(("test-1.local.", 1))
    await mdns._respond(packet, ("192.0.2.7", 40000))
    assert not mdns.socket.sent
    masks, sb._masks_of_linux = sb._masks_of_linux, lambda own: [0xFFFFFF00]
    mdns.address = "192.0.2.1"
    await mdns._respond(packet, ("192.0.3.7", 40000))
    assert not mdns.socket.sent
    await mdns._respond(packet, ("192.0.2.7", 40000))
    assert len(mdns.socket.sent) == 1
    # What is not known is not held against anyone.
    sb._masks_of_linux = lambda own: []
    await mdns._respond(packet, ("192.0.3.7", 40000))
    assert len(mdns.socket.sent) == 2
    sb._masks_of_linux = masks


def test_a_goodbye_has_a_ttl_of_0():
    mdns = responder()
    mdns.goodbye()
    found = records(mdns.socket.sent[0][0])
    assert len(found) == 4 and all(ttl == 0 for _, _, ttl, _ in found)


async def test_damaged_packets_end_nothing():
    mdns = responder()
    good = query((SERVICE, 12), ("test-1.local.", 1))
    loop = good[:12] + b"\xc0\x0c\0\x0c\0\x01"
    ahead = good[:12] + b"\xc0\x20\0\x0c\0\x01" + bytes(40)
    for packet in [good[:n] for n in range(len(good))] + [loop, ahead, b"\xff" * 60]:
        try:
            await mdns._respond(packet, ("127.0.0.1", 40000))
        except (IndexError, ValueError):
            pass


async def test_pointers_without_end_do_not_hold_the_board_up():
    # 230 questions; each name is a chain of pointers as long as the packet.
    questions = bytearray()
    for at in range(230):
        back = 12 + 6 * (at - 1)
        questions.extend(b"\xc0\x00" if not at else bytes((0xC0 | back >> 8, back & 0xFF)))
        questions.extend(b"\0\x0c\0\x01")
    packet = b"\0\0\0\0\0\xe6" + bytes(6) + bytes(questions)
    try:
        sb._decoded(packet, 12 + 6 * 229)
        assert False, "the chain was followed"
    except ValueError:
        pass
    # The same with names of 31 labels.
    name = b"\x3f" + b"a" * 63
    for packet, at in ((name * 5 + b"\0", 0), (b"\x01a" * 128 + b"\0", 0)):
        try:
            sb._decoded(packet, at)
            assert False, "a name has at most 255 bytes"
        except ValueError:
            pass
    assert len(sb._decoded(b"\x01a" * 127 + b"\0", 0)[0]) == 254
    # Only questions that are for the board are kept.
    mdns = responder()
    began = time.ticks_ms()
    label = b"\x3f" + b"a" * 63
    many = bytes(4) + b"\0\xc8" + bytes(6) + label * 3 + b"\0\0\x0c\0\x01"
    await mdns._respond(many + b"\xc0\x0c\0\x0c\0\x01" * 199, ("127.0.0.1", 5353))
    assert time.ticks_diff(time.ticks_ms(), began) < 500 and not mdns.socket.sent


async def test_without_memory_the_announcement_goes_on():
    board = sb.Board("Test", id="test-4", store=None, bind="127.0.0.1", port=8080)
    mdns, failures = board._mdns, [MemoryError, OSError, MemoryError, MemoryError]
    own, records_of = sb._own_address, mdns.records

    def failing(action):
        def run(*arguments):
            if failures:
                raise failures.pop()
            return action(*arguments)

        return run

    sb._own_address, mdns.records = failing(own), failing(records_of)
    sent = []
    mdns._send = lambda *arguments: sent.append(arguments)
    task = asyncio.create_task(mdns.run())
    for _ in range(400):
        await asyncio.sleep_ms(10)
        if sent:
            break
    sb._own_address = own
    task.cancel()
    assert sent and not failures


async def test_a_socket_receives_and_answers_a_query():
    board = sb.Board("Test", id="test-2", store=None, bind="127.0.0.1", port=8080)
    task = asyncio.create_task(board._mdns.run())
    await asyncio.sleep_ms(50)
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.setblocking(False)
    stranger.setsockopt(0, 32, b"\x7f\0\0\x01")
    group = socket.getaddrinfo("224.0.0.251", 5353)[0][-1]
    for _ in range(20):
        stranger.sendto(query(("test-2.local.", 1)), group)
        await asyncio.sleep_ms(50)
        try:
            packet, _ = stranger.recvfrom(1500)
            break
        except OSError:
            packet = None
    task.cancel()
    assert packet and records(packet)[0][3] == b"\x7f\0\0\x01"


async def test_a_board_without_a_service_is_not_announced():
    board = sb.Board("Test", id="test-3", store=None, bind="127.0.0.1")
    board.service = None
    await served(board)
    assert board._mdns is None
