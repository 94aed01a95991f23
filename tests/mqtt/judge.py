"""Commands and states through a cluster of three NATS servers; the one that the bridge uses is killed in traffic.

    judge.py FOLDER

Sends a toggle about every 50 ms with aiomqtt, every 200 ms after the kill, and sorts them by what became of each. At the same time two of our own programs toggle a board
each, through the broker: one connected to a node that survives, the other to the cluster, as the bridge is. They must report every command once, within seconds: as done, refused,
or not confirmed. Judged by the boards themselves, over their own connections: no toggle was done twice, and every one that was reported as done was done. At the end the broker has
the states of the first board.
"""

import asyncio
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import aiomqtt

NODES = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
SITE = "switchboard/lab"
COMMANDS = 200
KILL_AT = 80
# A command of ours is reported as not confirmed after 5 s.
REPORTED_WITHIN = 5 + 2
BOARDS = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082"]
# Until a bridge that lost its node is active again and published the replies
# that it kept.
REPLY_WITHIN = 60
RETAINED_WITHIN = 150


def config(node, folder):
    routes = ", ".join(f'"nats://{other}:6222"' for other in NODES)
    return f"""
server_name: "{node}"
listen: "{node}:4222"
http: "{node}:8222"
jetstream {{ store_dir: "{folder}/{node}" }}
mqtt {{ listen: "{node}:1883", stream_replicas: 3 }}
cluster {{ name: test, listen: "{node}:6222", routes: [{routes}] }}
"""


class Programs:
    """Everything that runs, ended by id."""

    def __init__(self, folder):
        self.folder, self.running = folder, {}

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def start(self, name, *command, stdin=None):
        log = open(self.folder / f"{name}.log", "w")
        process = subprocess.Popen(command, stdin=stdin, stdout=log, stderr=subprocess.STDOUT)
        self.running[name] = process
        return process

    def said(self, name, pattern, within=60):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log(name))
            if found:
                return found
            time.sleep(0.05)
        raise SystemExit(f"{name} did not say {pattern!r}:\n" + self.log(name)[-3000:])

    def kill(self, name):
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self):
        for name in list(self.running):
            self.kill(name)


def clients_of(node):
    """The MQTT client ids that are connected to a node."""
    try:
        with urllib.request.urlopen(f"http://{node}:8222/connz?auth=1", timeout=5) as answer:
            connections = json.load(answer)["connections"] or []
    except OSError:
        return []
    return [connection.get("mqtt_client", "") for connection in connections]


def cluster_is_ready(nodes):
    try:
        for node in nodes:
            with urllib.request.urlopen(f"http://{node}:8222/healthz", timeout=2) as answer:
                if json.load(answer).get("status") != "ok":
                    return False
        return True
    except OSError:
        return False


async def subscribe(client, topic, qos):
    """Subscribes. A server that lost another refuses for a while, and aiomqtt reports that only in what it returns."""
    while True:
        granted = await client.subscribe(topic, qos=qos, timeout=30)
        if all(int(getattr(code, "value", code)) < 0x80 for code in granted):
            return
        await asyncio.sleep(1)


async def listen(client, outcomes):
    async for message in client.messages:
        command = int(str(message.topic).rsplit("/", 1)[1])
        reply = json.loads(message.payload)
        kind = "done" if "result" in reply else "refused" if "error" in reply else "unconfirmed"
        outcomes.setdefault(command, []).append(kind)


async def traffic(node, board, kill):
    """Sends the commands and returns what became of each. A server also ends connections when it lost the others' streams: then the client
    connects again and continues with the next command."""
    outcomes, command = {}, 0
    while command < COMMANDS:
        try:
            async with aiomqtt.Client(node, 1883, identifier="judge") as client:
                await subscribe(client, f"{SITE}/$replies/judge/+", 1)
                listener = asyncio.create_task(listen(client, outcomes))
                try:
                    while command < COMMANDS:
                        this, command = command, command + 1
                        if this == KILL_AT:
                            kill()
                        request = {
                            "id": this,
                            "method": "Switch.Toggle",
                            "params": {"id": 0},
                            "reply_to": f"{SITE}/$replies/judge/{this}",
                        }
                        await client.publish(f"{SITE}/{board}/$command", json.dumps(request), qos=1, timeout=30)
                        await asyncio.sleep(0.05 if this < KILL_AT else 0.2)
                    await asyncio.sleep(REPLY_WITHIN)
                finally:
                    listener.cancel()
                    await asyncio.gather(listener, return_exceptions=True)
        except aiomqtt.MqttError as error:
            print(f"aiomqtt was disconnected at command {command}: {error}")
            await asyncio.sleep(1)
    return outcomes


async def retained(node, topic, state):
    """Waits until a node delivers the state of a topic to a new subscriber; returns what it delivered last."""
    have = None
    deadline = time.monotonic() + RETAINED_WITHIN
    while time.monotonic() < deadline:
        try:
            async with aiomqtt.Client(node, 1883, identifier="reader") as client, asyncio.timeout(40):
                await subscribe(client, topic, 0)
                async with asyncio.timeout(5):
                    async for message in client.messages:
                        have = json.loads(message.payload)
                        if have == state:
                            return have
        except TimeoutError:
            print(f"{node}: {topic} was {have} so far")
        except aiomqtt.MqttError as error:
            print(f"{node}: {topic} could not be read: {error}")
        await asyncio.sleep(1)
    return have


def main():
    binaries = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        programs = Programs(folder)
        try:
            judge(binaries, folder, programs)
        finally:
            programs.end()


def show(switchboard, address):
    return json.loads(subprocess.check_output([switchboard, "show", address, "--json"]))


def toggles(programs, board):
    """How often a board toggled, by its own pushes."""
    return sum(1 for line in programs.log(f"watch {board}").splitlines() if '"what":"changed"' in line and '"switch:0"' in line)


def reported(programs, board, node):
    """What our own sender reported, against what its board did."""
    lines = [json.loads(line) for line in programs.log(f"sender {board}").splitlines()]
    commands = [line for line in lines if "command" in line]
    if [line["command"] for line in commands] != list(range(len(commands))):
        raise SystemExit(f"sender {board} did not report every command once: {commands}")
    counts = collections.Counter(line["outcome"] for line in commands)
    slowest = max(line["ms"] for line in commands)
    time.sleep(1)
    done = toggles(programs, board)
    print(f"our sender at {node}: {len(commands)} commands, {dict(counts)}, the slowest reported after {slowest} ms; the board toggled {done} times")
    told = {line["told"] for line in commands if line["told"]}
    if told:
        print(f"refused: {told}")
    unknown = counts["unconfirmed"] + counts["link lost"]
    if not counts["done"] <= done <= counts["done"] + unknown:
        raise SystemExit("a command was done that was reported as not done, or the other way round")
    if slowest > REPORTED_WITHIN * 1000:
        raise SystemExit("a command was reported too late")
    if commands[-1]["outcome"] != "done" or counts["done"] < len(commands) // 4:
        raise SystemExit("too few commands were done, or none at the end")


def judge(binaries, folder, programs):
    for node in NODES:
        path = folder / f"{node}.conf"
        path.write_text(config(node, folder))
        programs.start(node, "nats-server", "-c", str(path))
    deadline = time.monotonic() + 60
    while not cluster_is_ready(NODES):
        if time.monotonic() > deadline:
            raise SystemExit("the cluster is not ready:\n" + (folder / f"{NODES[0]}.log").read_text()[-3000:])
        time.sleep(0.2)
    programs.start("boards", str(binaries / "virtual-board"), "--boards", "3", "--profile", "everything", "--name", "judge", "--no-mdns", "--port", "8080",
                   stdin=subprocess.PIPE)
    programs.said("boards", f'"address":"{BOARDS[-1]}"')
    switchboard = str(binaries / "switchboard")
    programs.start("bridge", switchboard, "bridge", "--mqtt", "mqtt://cluster.test", "--site", "lab", "--name", "judged", *BOARDS)
    programs.said("bridge", "Active", within=120)
    ids = [show(switchboard, address)["id"] for address in BOARDS]
    board = ids[0]
    for number, address in enumerate(BOARDS):
        programs.start(f"watch {number}", switchboard, "watch", address, "--json")
        programs.said(f"watch {number}", "connected|subscribed|\\{", within=30)
    mine = next(node for node in NODES if any(client.endswith("-active") for client in clients_of(node)))
    other = next(node for node in NODES if node != mine)
    print(f"the bridge uses {mine}, aiomqtt uses {other}")
    senders = {1: other, 2: "cluster.test"}
    for number, node in senders.items():
        programs.start(f"sender {number}", str(binaries / "examples/sender"), f"mqtt://{node}", ids[number], stdin=subprocess.PIPE)
    for number in senders:
        programs.said(f"sender {number}", '"ready"')

    outcomes = asyncio.run(traffic(other, board, lambda: programs.kill(mine)))
    for number, node in senders.items():
        programs.running[f"sender {number}"].stdin.close()
        programs.running[f"sender {number}"].wait(30)
        reported(programs, number, node)
    found = programs.said("bridge", "(?s)Active.*Waiting.*Active", within=60)
    assert found
    counts = collections.Counter()
    for command in range(COMMANDS):
        replies = outcomes.get(command, [])
        # A reply that the broker did not acknowledge is published again.
        if len(set(replies)) > 1:
            raise SystemExit(f"command {command} was answered differently: {replies}")
        counts["answered twice"] += len(replies) > 1
        counts[replies[0] if replies else "no reply"] += 1
    print(", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items())))
    time.sleep(1)
    done = toggles(programs, 0)
    print(f"the board toggled {done} times")
    if done < counts["done"]:
        raise SystemExit("a command was reported as done and was not")
    if done > COMMANDS - counts["refused"]:
        raise SystemExit("a command was done twice")
    if counts["done"] < COMMANDS // 2:
        raise SystemExit("too few commands were done")
    # What changed while the node was dead is at the survivors.
    shown = show(switchboard, BOARDS[0])
    for node in NODES:
        if node == mine:
            continue
        for component in shown["components"]:
            key, state = component["descriptor"]["key"], component["state"]
            if key.startswith(("switch:", "light:", "number:", "select:")):
                have = asyncio.run(retained(node, f"{SITE}/{board}/{key}", state))
                if have != state:
                    raise SystemExit(f"{node} has {have} for {key}, the board {state}")
    print("every state is at both survivors")


main()
