"""The control page with a board that the test plays: order and gaps, silence, refusals, strange components."""

import json
import pathlib

FAKE = (pathlib.Path(__file__).parent / "fake_board.js").read_text(encoding="utf-8")
LIVE = "document.body.dataset.phase == 'live'"

COMPONENTS = """
board.add({ key: "switch:0" }, { on: false });
board.add({ key: "sensor:0", unit_of_measurement: "°C", accuracy_decimals: 1 }, { value: 1 });
board.add({ key: "sensor:1", unit_of_measurement: "s" }, { value: 11520 });
board.add({ key: "sensor:2", unit_of_measurement: "B" }, { value: 177536 });
board.add({ key: "sensor:3" }, { value: null });
board.add({ key: "number:0", unit_of_measurement: "Hz" }, { value: 440, min: 20, max: 20000, step: 1 });
board.add({ key: "binary_sensor:0", device_class: "door" }, { on: true });
board.add({ key: "light:0", caps: { brightness: true, rgb: true, ct_k: [2200, 6500] } },
  { on: true, brightness: 50, rgb: null, ct_k: 3000 });
board.add({ key: "cover:0" }, { state: "opening", position: null });
board.add({ key: "cover:1", caps: { position: true } }, { state: "closed", position: 0 });
board.add({ key: "teleporter:7", name: "<img src=x onerror='window.hacked = 1'>" },
  { target: "<b>moon</b>", armed: null, list: [1, { a: 2 }] });
board.add({ key: "text:0" }, { value: "as it was" });
"""


def opened(browser, address, script=""):
    """The page with the played board, live."""
    page = browser.page()
    page.before(FAKE + COMPONENTS + script)
    page.open(f"http://{address}/")
    return page


def card(name):
    return f"document.querySelector('[aria-label={json.dumps(name)}]')"


def shown(page, name):
    return page.run(f"{card(name)}.innerText")


def shows_what_boards_say(page, check):
    text = page.text()
    check.that("values are scaled to what people read", all(part in text for part in ("3 h 12 min", "177.5 kB", "1.0 °C")), text)
    check.that("a value that is not known is unknown", "unknown" in shown(page, "sensor:3"), text)
    check.that("the words of a binary sensor fit its class", "Open" in shown(page, "binary_sensor:0"), text)
    kept = [part in text for part in ("<img src=x", "teleporter:7", '"<b>moon</b>"', "null", '[1,{"a":2}]', "<i>Fake</i>")]
    check.that("an unknown kind is shown unchanged, as text", all(kept), text)
    check.that("no markup came from the board", page.run("!window.hacked && !document.querySelector('img, b > b, i')"), text)
    number = page.run(f"{card('number:0')}.querySelector('input').type")
    check.that("a number with a wide range has a field", number == "number", number)


def keeps_order(page, check):
    """docs/protocol.md, "Order and gaps"."""
    value = lambda: shown(page, "sensor:0").split("\n")[-1]
    page.run("board.requests.length = 0; board.push({ prev: 10, seq: 11, 'sensor:0': { value: 2 } })")
    check.that("a push that follows is applied", value() == "2.0 °C", value())
    page.run("board.push({ prev: 10, seq: 11, 'sensor:0': { value: 3 } })")
    check.that("one that is not newer is ignored", value() == "2.0 °C", value())
    at_once = page.run("""
        board.seq = 20;
        board.state["sensor:0"] = { value: 5 };
        board.push({ prev: 15, seq: 16, "sensor:0": { value: 4 } });
        board.push({ prev: 16, seq: 17, "sensor:0": { value: 4.5 } });
    """ + card("sensor:0") + ".innerText")
    check.that("one after a gap is not", "2.0 °C" in at_once, at_once)
    page.until("board.requests.length && board.methods.length")
    page.until(f"{card('sensor:0')}.innerText.includes('5.0')")
    methods = page.run("board.methods")
    check.that("the state is read once", methods == ["Device.GetStatus"], methods)
    page.run("board.push({ prev: 18, seq: 19, 'sensor:0': { value: 6 } })")
    check.that("a push from before the snapshot is ignored", value() == "5.0 °C", value())
    page.run("board.push({ prev: 19, seq: 21, 'sensor:0': { value: 7 } })")
    check.that("pushes go on after it", value() == "7.0 °C", value())
    page.run("board.requests.length = 0; board.push({ prev: 3, seq: 22, 'sensor:0': { value: 8 } })")
    page.until("board.methods.includes('Device.GetStatus')")
    check.that("a `prev` below what was pushed is a gap, too", value() != "8.0 °C", value())
    page.run("""
        board.requests.length = 0;
        board.epoch = "00000002";
        board.seq = 1;
        board.state["sensor:0"] = { value: 9 };
        board.push({ prev: 0, seq: 1, "sensor:0": { value: 0 } });
        board.push({ prev: 1, seq: 2, "sensor:0": { value: 0 } });
    """)
    page.until(f"{card('sensor:0')}.innerText.includes('9.0') && board.methods.length >= 8")
    methods = page.run("board.methods")
    asked = [methods.count(f"Device.{name}") for name in ("Subscribe", "GetInfo", "GetComponents")]
    check.that("a restarted board is read as a whole, once", asked == [1, 1, 6], methods)


def shows_silence(page, check):
    """docs/protocol.md, "Liveness"."""
    page.run("board.mute = true; board.requests.length = 0; pass(11)")
    page.until("board.methods.includes('Sys.Ping')")
    page.run("pass(5)")
    page.until("document.body.dataset.phase == 'stale'")
    check.that("a silent board is shown as stale", "No sign of life" in page.text(), page.text())
    check.that("it is pinged once", page.run("board.methods") == ["Sys.Ping"], page.run("board.methods"))
    page.run("board.mute = false; board.push({ prev: 0, seq: 0 })")
    check.that("anything that it says is a sign of life", page.run(LIVE), page.text())
    page.run("pass(46)")
    page.until("board.sockets.length == 2")
    page.until(LIVE)
    check.that("a dead connection is dropped, and another one made", page.run("board.sockets[0].closed"), "")


def shows_commands(page, check):
    light = lambda: shown(page, "light:0")
    page.run("board.requests.length = 0; board.errors['Switch.Set'] = { code: -32003, message: 'the door is open' }")
    page.tap('[aria-label="switch:0"] input')
    page.until(f"{card('switch:0')}.innerText.includes('Refused: the door is open.')")
    on = page.run(f"{card('switch:0')}.querySelector('input').checked")
    check.that("a refused command says why, and its control goes back", not on, on)
    page.run("board.mute = true; board.requests.length = 0")
    slide = "(value, field) => { const input = document.querySelector(`.light .${field}`); input.value = value;" \
            " input.dispatchEvent(new Event('input', { bubbles: true })); }"
    page.run(f"[60, 61, 62].forEach((value) => ({slide})(value, 'brightness'))")
    color = "document.querySelector('.light [type=color]')"
    page.run(f"{color}.value = '#ff0000'; {color}.dispatchEvent(new Event('input'))")
    page.run(f"({slide})(4000, 'ct_k')")
    check.that("one command is in flight", page.run("board.requests.length") == 1, page.run("board.requests"))
    check.that("the card shows what is wanted", "62 %" in light() and "4000 K" in light(), light())
    page.run("board.mute = false; board.answer(board.requests[0])")
    page.until("board.requests.length == 2")
    second = page.run("board.requests[1].params")
    check.that("newer ones are merged, the last of color and temperature counts", second == {"id": 0, "brightness": 62, "ct_k": 4000}, second)
    page.until("!document.querySelector('.light.busy')")
    page.run("board.mute = true")
    page.tap('[aria-label="light:0"] [role=switch]')
    page.until("document.querySelector('.light').innerText.includes('Not confirmed')", patience=10)
    check.that("an unanswered command is unconfirmed", page.run("document.querySelector('.light [role=switch]').checked"), light())
    sent = page.run("board.requests.length")
    page.run("board.mute = false; board.close(1006); pass(61)")
    page.until(LIVE)
    again = page.run(f"board.methods.slice({sent})")
    check.that("it is not sent again", "Light.Set" not in again, again)


def stops_at_once(page, check):
    """A cover that moves must not wait for an answer."""
    page.run("board.mute = true; board.requests.length = 0")
    slide = "(value) => { const input = document.querySelector('.position'); input.value = value;" \
            " input.dispatchEvent(new Event('input', { bubbles: true })); }"
    page.run(f"[40, 80].forEach({slide})")
    page.tap('[aria-label="Stop, cover:1"]')
    methods = page.run("board.methods")
    check.that("Stop is sent while a command is in flight", methods == ["Cover.Set", "Cover.Stop"], methods)
    page.run("board.mute = false; board.requests.forEach((request) => board.answer(request))")
    page.until(f"!{card('cover:1')}.matches('.busy')")
    methods = page.run("board.methods")
    check.that("what waited is dropped", methods == ["Cover.Set", "Cover.Stop"], methods)
    check.that("and no longer shown", "80 %" not in shown(page, "cover:1"), shown(page, "cover:1"))


def sends_no_empty_number(page, check):
    field = '[aria-label="number:0"] input'
    value = lambda: page.run(f"document.querySelector({json.dumps(field)}).value")
    page.run(f"board.requests.length = 0; document.querySelector({json.dumps(field)}).select()")
    page.key("Delete")
    page.key("Enter", text="\r")
    check.that("a cleared number is not sent", value() == "" and "Number.Set" not in page.run("board.methods"), page.run("board.requests"))
    page.run("document.activeElement.blur()")
    check.that("and shows the board's value again", value() == "440", value())
    page.run(f"document.querySelector({json.dumps(field)}).select()")
    page.send("Input.insertText", text="0")
    page.key("Enter", text="\r")
    page.until("board.methods.includes('Number.Set')")
    sent = page.run("board.requests.at(-1).params")
    check.that("a zero that was typed is sent", sent == {"id": 0, "value": 0}, sent)
    page.run("document.activeElement.blur()")
    page.until("!document.querySelector('.busy')")


def keeps_what_is_typed(page, check):
    """While a push, and a reconnection, come in between."""
    page.run("document.querySelector('.text input').focus()")
    page.send("Input.insertText", text=", nearly")
    page.run("board.push({ prev: board.seq, seq: ++board.seq, 'text:0': { value: 'pushed' } })")
    typed = page.run("document.querySelector('.text input').value")
    check.that("a push does not overwrite what is being typed", typed.endswith(", nearly"), typed)
    page.run("board.close(1006); pass(61)")
    page.until(LIVE)
    focus = page.run("document.activeElement == document.querySelector('.text input')")
    typed = page.run("document.querySelector('.text input').value")
    check.that("a reconnection keeps it, and the focus", focus and typed.endswith(", nearly"), (focus, typed))
    page.run("document.activeElement.blur()")
    page.run("board.push({ prev: board.seq, seq: board.seq }); board.mute = true; pass(16)")
    page.until("document.body.dataset.phase == 'stale'")
    page.run("board.mute = false; board.push({ prev: 0, seq: 0 })")
    focus = page.run("document.activeElement == document.body")
    check.that("a focus that was given up does not come back", page.run(LIVE) and focus, page.text())
    page.run("board.close(1006); pass(61)")
    page.until(LIVE)
    check.that("nor after a reconnection", page.run("document.activeElement == document.body"), page.text())


def rests(page, check):
    page.run("window.before = board.sockets.length; hide(true); pass(55)")
    check.that("a hidden page stays connected for a while", not page.run("board.socket.closed"), "")
    page.run("pass(10)")
    page.until("board.socket.closed")
    page.run("pass(120)")
    page.run("new Promise((done) => setTimeout(done, 600))")
    check.that("then it gives its slot back", page.run("board.sockets.length == before"), page.run("board.sockets.length"))
    page.run("hide(false)")
    page.until(LIVE)
    check.that("it is back as soon as it is shown", page.run("board.sockets.length == before + 1"), "")


def ends(page, check):
    page.run("board.event({ component: 'sys:0', event: 'renamed', name: 'Renamed' })")
    check.that("a new name is shown", page.run("document.title") == "Renamed", page.text())
    page.run("board.close(1000); pass(120)")
    page.run("new Promise((done) => setTimeout(done, 600))")
    check.that("a page that was closed by another client stays away", "Closed by another client" in page.text(), page.text())
    page.tap("#retry")
    page.until(LIVE)
    page.run("board.socket.onmessage({ data: new ArrayBuffer(40) })")
    text = page.text()
    told = "locked" in text and "Renamed" not in text and "fake-1" not in text and "moon" not in text
    check.that("a board that was locked shows nothing of itself", told and page.run("board.socket.closed"), text)


def run(browser, address, check):
    page = opened(browser, address)
    page.until(LIVE)
    for part in (shows_what_boards_say, keeps_order, shows_silence, shows_commands, stops_at_once, sends_no_empty_number,
                 keeps_what_is_typed, rests, ends):
        part(page, check)
    complaints = page.complaints()
    check.that("the browser has no complaint", not complaints, complaints)
    page.close()
