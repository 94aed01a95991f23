"""The bench program: a board with one of each component on this computer, for
the tests that all kinds of boards share. The same board as
`virtual-board --profile everything`, as far as docs/protocol.md requires.

    micropython bench.py [--name NAME] [--id ID] [--port N] [--bind ADDRESS]
        [--controllers N] [--no-mdns] [--allow-origin URL] [--service TYPE]

When it listens, it prints one line of JSON: id, name and address. It reads
commands from standard input, as if you were at the board: USAGE below. `memory`
prints what MicroPython's heap holds.
"""

import asyncio
import gc
import json
import os
import sys

sys.path.insert(0, __file__.rpartition("/")[0] or ".")

import switchboard as sb

USAGE = (
    "press BOARD button:0 [press|double_press|long_press], set BOARD sensor:0 value=21.5, memory, "
    "quit; BOARD is a name or an id"
)

OPTIONS = (
    "--name NAME, --id ID, --port N, --bind ADDRESS, --controllers N, --no-mdns, "
    "--allow-origin URL, --service TYPE"
)


def options(arguments):
    chosen = {
        "name": "Test bench", "id": None, "port": "0", "bind": "127.0.0.1", "controllers": "4",
        "service": "_switchboard._tcp.local.", "allow-origin": [], "no-mdns": False,
    }  # fmt: skip
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in chosen:
            return None, "%s is not an option" % word
        if name == "no-mdns":
            chosen[name] = True
            continue
        if not equals:
            if not rest:
                return None, "%s needs a value" % word
            value = rest.pop(0)
        if name in ("port", "controllers") and not value.isdigit():
            return None, "--%s is a number, not %s" % (name, value)
        if name == "allow-origin":
            chosen[name].append(value)
        else:
            chosen[name] = value
    return chosen, None


def make(chosen):
    forward = sb.Switch("Motor forward", icon="mdi:engine")
    backward = sb.Switch("Motor backward", icon="mdi:engine", interlocked_by="switch:0")
    light = sb.Light(
        "Light",
        brightness=60,
        rgb=True,
        ct_k=3000,
        ct_range=(2200, 6500),
        effects=("none", "candle", "rainbow"),
        icon="mdi:lamp",
    )
    indicator = sb.Light("Indicator", icon="mdi:led-on")
    button = sb.Button("Button", icon="mdi:gesture-tap-button")
    motion = sb.BinarySensor("Motion", on=False, device_class="motion", icon="mdi:motion-sensor")
    temperature = sb.Sensor(
        "Temperature",
        22.5,
        unit="°C",
        decimals=1,
        device_class="temperature",
        state_class="measurement",
        icon="mdi:thermometer",
    )
    speed = sb.Number("Speed", 50, 0, 100, 5, unit="%", icon="mdi:speedometer")
    mode = sb.Select("Mode", ("auto", "day", "night"), category="config", icon="mdi:tune")
    label = sb.Text("Label", "Hello", icon="mdi:form-textbox")
    blind = sb.Cover("Blind", position=100, device_class="blind", icon="mdi:blinds")
    doorbell = sb.Event(
        "Doorbell",
        ("single_push", "double_push", "long_push"),
        device_class="doorbell",
        icon="mdi:doorbell",
    )
    weather = sb.TextSensor("Weather", "calm", icon="mdi:weather-windy")

    @backward.changed
    def interlock(switch):
        if switch.on and forward.on:
            raise sb.Refused(
                "interlocked", "switch:1 is interlocked with switch:0, which must be off first"
            )

    @button.pressed
    def toggle(event):
        if event == "press":
            light.on = not light.on

    components = (
        forward,
        backward,
        light,
        indicator,
        button,
        motion,
        temperature,
        speed,
        mode,
        label,
        blind,
        doorbell,
        weather,
    )
    return sb.Board(
        chosen["name"], *components, id=chosen["id"], port=int(chosen["port"]),
        bind=chosen["bind"], product="MicroPython test bench",
        controllers=int(chosen["controllers"]), store=None, allow_origins=chosen["allow-origin"],
        mdns=not chosen["no-mdns"], service=chosen["service"],
    )  # fmt: skip


def value_of(text):
    """JSON up to the next space; otherwise the word as a text. Returns the
    value and the rest."""
    end = len(text)
    if text.startswith('"'):
        closing = text.find('"', 1)
        while closing > 0 and text[closing - 1] == "\\":
            closing = text.find('"', closing + 1)
        end = closing + 1 if closing > 0 else end
    elif text.startswith("["):
        end = text.find("]") + 1 or end
    elif " " in text:
        end = text.find(" ")
    word, rest = text[:end], text[end:].strip()
    try:
        return sb.parse_json(word.encode()), rest
    except sb.NotJson:
        return word, rest


def split(board, text):
    """The component and the rest of a line after its first word. The name of a
    board may have spaces and quotation marks."""
    for name in ('"%s"' % board.name, "'%s'" % board.name, board.name, board.id, '"%s"' % board.id):
        if text.startswith(name + " "):
            key, _, rest = text[len(name) :].strip().partition(" ")
            if key not in board._by_key:
                raise ValueError("%s has no component %s" % (name, key or "without a key"))
            return board._by_key[key], rest.strip()
    raise ValueError(
        "no board has this name or id: %s; this one is %s (%s)" % (text, board.name, board.id)
    )


def obey(board, line):
    """Carries out a line of standard input. Returns whether to continue."""
    word, _, rest = line.strip().partition(" ")
    try:
        if word == "quit":
            return False
        if word == "memory":
            gc.collect()
            print(json.dumps({"allocated": gc.mem_alloc(), "free": gc.mem_free()}))
            return True
        if word == "press":
            button, event = split(board, rest.strip())
            if button.kind != "button":
                raise ValueError("%s is not a button" % button.key)
            button.press(event or "press")
        elif word == "set":
            component, rest = split(board, rest.strip())
            change = {}
            while rest:
                name, equals, value = rest.partition("=")
                if not equals or " " in name or name not in component._fields:
                    raise ValueError(
                        "%s is not a field of %s; fields are name=value" % (name, component.key)
                    )
                change[name], rest = value_of(value)
            if not change:
                raise ValueError("set needs fields, for example value=21.5")
            component._set(change)
        elif word:
            raise ValueError("%s is not a command. Accepted: %s" % (word, USAGE))
    except (ValueError, sb.Refused) as error:
        sys.stderr.write("%s\n" % (error.args[0] if error.args else error))
    return True


async def read_commands(board):
    """Until `quit`, or the end of standard input."""
    typed = asyncio.StreamReader(sys.stdin.buffer if hasattr(sys.stdin, "buffer") else sys.stdin)
    while True:
        line = await typed.readline()
        if not line or not obey(board, line.decode() if type(line) is bytes else line):
            return


async def main(board):
    def ready():
        print(
            json.dumps(
                {"id": board.id, "name": board.name, "address": "%s:%d" % (board.bind, board.port)}
            )
        )

    async def serving():
        # There is no getsockname: try ports until one is free.
        wanted = board.port
        while True:
            board.port = wanted or 20000 + int.from_bytes(os.urandom(2), "big") % 12000
            try:
                await board.serve(ready)
                return
            except OSError as error:
                if wanted:
                    address = "%s:%d" % (board.bind, wanted)
                    sys.stderr.write("cannot listen on %s: %s\n" % (address, error))
                    sys.exit(1)

    asyncio.create_task(serving())
    await asyncio.sleep_ms(0)
    await read_commands(board)
    board.goodbye()
    await asyncio.sleep_ms(20)


if __name__ == "__main__":
    chosen, problem = options(sys.argv[1:])
    if problem:
        sys.stderr.write("%s. Options: %s\n" % (problem, OPTIONS))
        sys.exit(2)
    try:
        board = make(chosen)
    except (ValueError, sb.Refused) as error:
        sys.stderr.write("%s\n" % error)
        sys.exit(2)
    asyncio.run(main(board))
