"""A controller of a locked board that shares no code with it: Python's noiseprotocol and websockets, from docs/protocol.md alone.

    peer.py GOLDEN_FOLDER ws://HOST:PORT KEY_FILE

Checks the golden handshake, then talks to the board: obeyed with the right key, refused with a wrong one and with a replayed offer.
Exit status 0 if everything was as it must be.
"""

import base64
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from noise.backends.default.keypairs import KeyPair25519
from noise.connection import Keypair, NoiseConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SUITE = b"Noise_NNpsk0_25519_ChaChaPoly_SHA256"


def parse_key(text):
    word, version, board, kid, role, secret = text.strip().split(":")
    assert (word, version) == ("switchboard-key", "1")
    return {"board": board, "kid": bytes.fromhex(kid), "role": role, "psk": base64.urlsafe_b64decode(secret + "=")}


def parse_hello(frame):
    assert frame[0] == 1 and frame[1] == 1, frame
    return {"challenge": frame[2:18], "board": frame[18:].decode()}


def handshake(hello, key, initiator=True, ephemeral=None):
    """Begins a handshake; with a fixed secret for the golden one."""
    noise = NoiseConnection.from_name(SUITE)
    noise.set_as_initiator() if initiator else noise.set_as_responder()
    noise.set_psks(key["psk"])
    noise.set_prologue(b"switchboard\0" + b"\x01" + key["kid"] + hello["challenge"] + hello["board"].encode())
    if ephemeral:
        secret = X25519PrivateKey.from_private_bytes(ephemeral)
        public = secret.public_key().public_bytes_raw()
        noise.noise_protocol.keypairs["e"] = KeyPair25519(secret, secret.public_key(), public)
    noise.start_handshake()
    return noise


def check_golden(folder):
    golden = json.loads((folder / "handshake.json").read_text())
    unhex = lambda name: bytes.fromhex(golden[name])
    key, hello = parse_key(golden["key"]), parse_hello(unhex("hello"))
    controller = handshake(hello, key, True, unhex("controller_ephemeral"))
    board = handshake(hello, key, False, unhex("board_ephemeral"))
    offer = controller.write_message()
    assert b"\x02" + key["kid"] + offer == unhex("offer"), "the offer"
    assert board.read_message(offer) == b""
    answer = board.write_message()
    assert b"\x03" + answer == unhex("answer"), "the answer"
    assert controller.read_message(answer) == b""
    for message in golden["messages"]:
        ends = {"controller": (controller, board), "board": (board, controller)}
        writer, reader = ends[message["from"]]
        sealed = writer.encrypt(message["text"].encode())
        assert sealed.hex() == message["frame"], message
        assert reader.decrypt(sealed).decode() == message["text"]
    print("golden handshake: byte for byte")


class Board:
    """Opens a connection up to the offer."""

    def __init__(self, address, key, replay=None):
        self.socket = connect(address + "/rpc", subprotocols=["switchboard.v1"], proxy=None)
        self.hello = parse_hello(self.socket.recv(timeout=10))
        self.noise = handshake(self.hello, key)
        self.offer = replay or b"\x02" + key["kid"] + self.noise.write_message()
        self.socket.send(self.offer)

    def go_on(self):
        answer = self.socket.recv(timeout=10)
        assert answer[0] == 3, answer
        assert self.noise.read_message(answer[1:]) == b""
        return self

    def call(self, method, **params):
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.send(self.noise.encrypt(json.dumps(request).encode()))
        while True:
            answer = json.loads(self.noise.decrypt(self.socket.recv(timeout=10)))
            if answer.get("id") == 1:
                return answer

    def refusal(self):
        """Returns what it receives in plain text before the connection closes."""
        error = json.loads(self.socket.recv(timeout=10))["error"]
        try:
            self.socket.recv(timeout=10)
            raise AssertionError("the connection goes on")
        except ConnectionClosed as closed:
            assert closed.rcvd.code == 1008, closed
        return error["data"]["reason"]


def check_board(address, key):
    owner = Board(address, key).go_on()
    info = owner.call("Device.GetInfo")["result"]
    assert info["id"] == key["board"] and "keys" in info["features"], info
    assert "was_on" in owner.call("Light.Set", id=0, on=True)["result"]
    assert owner.call("Device.GetStatus")["result"]["light:0"]["on"] is True
    print("obeyed with the key")
    added = parse_key(owner.call("Keys.Add", name="python", role="view")["result"]["key"])
    viewer = Board(address, added).go_on()
    assert viewer.call("Device.GetStatus")["result"]["light:0"]["on"] is True
    assert viewer.call("Light.Set", id=0, on=False)["error"]["data"]["reason"] == "view_only"
    print("a view key reads and changes nothing")
    owner.call("Keys.Remove", kid=added["kid"].hex())
    try:
        viewer.socket.recv(timeout=10)
        raise AssertionError("a removed key's connection goes on")
    except ConnectionClosed as closed:
        assert closed.rcvd.code == 1008, closed
    assert Board(address, added).refusal() == "wrong_key"
    print("a removed key is refused")
    assert Board(address, {**key, "psk": bytes(32)}).refusal() == "wrong_key"
    assert Board(address, key, replay=owner.offer).refusal() == "wrong_key"
    print("a wrong secret and a replayed offer are refused")
    broken = Board(address, key).go_on()
    broken.call("Sys.Ping")
    sealed = bytearray(broken.noise.encrypt(b'{"jsonrpc":"2.0","id":2,"method":"Light.Set","params":{"id":0,"on":false}}'))
    sealed[5] ^= 1
    broken.socket.send(bytes(sealed))
    try:
        broken.socket.recv(timeout=10)
        raise AssertionError("a changed message is taken")
    except ConnectionClosed as closed:
        assert closed.rcvd.code == 1008, closed
    assert owner.call("Device.GetStatus")["result"]["light:0"]["on"] is True
    print("a changed message ends the channel and does nothing")


def main():
    golden, address, key_file = sys.argv[1:]
    check_golden(pathlib.Path(golden))
    check_board(address, parse_key(pathlib.Path(key_file).read_text()))


if __name__ == "__main__":
    main()
