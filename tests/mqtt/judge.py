"""Commands and states through a cluster of three NATS servers; the one that the bridge uses is killed in traffic.

    judge.py FOLDER

Sends a toggle about every 50 ms with aiomqtt, every 200 ms after the kill, and sorts them by what became of each. Judged by the board itself, over its own connection: no
toggle was done twice, and every one that was reported as done was done. At the end the broker has the board's states.
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

    def start(self, name, *command, stdin=None):
        log = open(self.folder / f"{name}.log", "w")
        process = subprocess.Popen(command, stdin=stdin, stdout=log, stderr=subprocess.STDOUT)
        self.running[name] = process
        return process

    def said(self, name, pattern, within=60):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = re.search(pattern, (self.folder / f"{name}.log").read_text())
            if found:
                return found
            time.sleep(0.05)
        raise SystemExit(f"{name} did not say {pattern!r}:\n" + (self.folder / f"{name}.log").read_text()[-3000:])

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
    programs.start("board", str(binaries / "virtual-board"), "--profile", "everything", "--name", "judge", "--no-mdns", "--port", "8080",
                   stdin=subprocess.PIPE)
    programs.said("board", '"address":"127.0.0.1:8080"')
    switchboard = str(binaries / "switchboard")
    programs.start("bridge", switchboard, "bridge", "--mqtt", "mqtt://cluster.test", "--site", "lab", "--name", "judged", "127.0.0.1:8080")
    programs.said("bridge", "Active", within=120)
    shown = json.loads(subprocess.check_output([switchboard, "show", "127.0.0.1:8080", "--json"]))
    board = shown["id"]
    programs.start("watch", switchboard, "watch", "127.0.0.1:8080", "--json")
    programs.said("watch", "connected|subscribed|\\{", within=30)
    mine = next(node for node in NODES if any(client.endswith("-active") for client in clients_of(node)))
    other = next(node for node in NODES if node != mine)
    print(f"the bridge uses {mine}, aiomqtt uses {other}")
    killed = []

    def kill():
        killed.append(time.monotonic())
        programs.kill(mine)

    outcomes = asyncio.run(traffic(other, board, kill))
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
    lines = (folder / "watch.log").read_text().splitlines()
    done = sum(1 for line in lines if '"what":"changed"' in line and '"switch:0"' in line)
    print(f"the board toggled {done} times")
    if done < counts["done"]:
        raise SystemExit("a command was reported as done and was not")
    if done > COMMANDS - counts["refused"]:
        raise SystemExit("a command was done twice")
    if counts["done"] < COMMANDS // 2:
        raise SystemExit("too few commands were done")
    # What changed while the node was dead is at the survivors.
    shown = json.loads(subprocess.check_output([switchboard, "show", "127.0.0.1:8080", "--json"]))
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
