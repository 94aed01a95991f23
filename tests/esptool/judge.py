"""Flashes each chip and judges the result: `judge.py SWITCHBOARD [FIRMWARE]`.

Exit status 1 if an exercise failed.
"""

import csv
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.metadata import version
from pathlib import Path

from images import CHIPS, collect

ROOT = Path(__file__).resolve().parent.parent.parent
FLASH = 4 << 20
# Where each chip's ROM looks for its boot loader.
BOOT = {"esp32": 0x1000, "esp32c3": 0, "esp32c6": 0, "esp32s3": 0}
TABLE = 0x8000
SLOT = 0x10000


class Mock:
    """A mock boot loader at a pseudoterminal."""

    def __init__(self, chip, folder):
        self.log = open(folder / "mock.log", "w+")
        endpoint = folder / "port"
        endpoint.unlink(missing_ok=True)
        command = ["run", "--pty", "--chip", chip, "--port-file", endpoint, "--timeout", "900"]
        script = Path(sys.executable).parent / "esp32-mock-bootloader"
        self.process = subprocess.Popen([script, *command], stdout=self.log, stderr=self.log)
        end = time.monotonic() + 20
        while not (endpoint.exists() and endpoint.read_text()):
            assert time.monotonic() < end and self.process.poll() is None, "no mock"
            time.sleep(0.05)
        self.port = endpoint.read_text().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()


def esptool(*arguments):
    command = [sys.executable, "-m", "esptool", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def read_back(chip, port, folder, start, size):
    """What is in the flash, by way of the ROM.

    The mock's stub ends a transfer when an acknowledgment takes more than 50
    ms, as on a busy machine.
    """
    # The mock starts a new session 3 s after the last one.
    time.sleep(3.5)
    file = folder / "flash.bin"
    here = ["--no-stub", "--before", "no-reset", "--after", "no-reset"]
    esptool("--chip", chip, "--port", port, *here, "read-flash", start, size, file)
    return file.read_bytes()


def valid(chip, image, folder):
    """Lets esptool judge an image."""
    file = folder / "judged.bin"
    file.write_bytes(image)
    said = esptool("--chip", chip, "image-info", file)
    assert said.count("(valid)") == 2, said


def length(image):
    """The length of an image: its segments, checksum and hash."""
    at = 24
    for _ in range(image[1]):
        at += 8 + struct.unpack_from("<I", image, at + 4)[0]
    return (at | 15) + 1 + 32


def partitions(table):
    """The entries of a partition table, whose hash must agree."""
    entries = {}
    at = 0
    while table[at : at + 2] == b"\xaa\x50":
        offset, size = struct.unpack_from("<II", table, at + 4)
        entries[table[at + 12 : at + 28].rstrip(b"\0").decode()] = (offset, size)
        at += 32
    assert table[at : at + 2] == b"\xeb\xeb"
    assert table[at + 16 : at + 32] == hashlib.md5(table[:at]).digest()
    return entries


def described():
    """The entries that crates/flash/partitions.csv describes."""
    lines = (ROOT / "crates/flash/partitions.csv").read_text().splitlines()
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    return {row[0].strip(): (int(row[3], 0), int(row[4], 0)) for row in rows if row}


def run(program, home, *arguments):
    environment = os.environ | {"XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home / "config")}
    command = [program, "flash", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    lines = [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else []
    return done, lines


def flashes(program, home, folder, chip, entry):
    """The image for the chip is chosen, written, and read back by esptool."""
    image = (home / "switchboard/firmware" / entry["file"]).read_bytes()
    valid(chip, image, folder)
    with Mock(chip, folder) as mock:
        done, lines = run(program, home, "--port", mock.port, "--json")
        assert done.returncode == 0, done.stderr
        detected = next(line for line in lines if line["step"] == "detected")
        assert detected["chip"] == chip and detected["flash_size"] == FLASH, detected
        assert detected["mac"].startswith("24:0a:c4:"), detected
        last = lines[-1]
        assert last["step"] == "done" and last["version"] == entry["version"], last
        steps = list(dict.fromkeys(line["step"] for line in lines))
        assert steps == ["connecting", "detected", "writing", "verifying", "restarting", "done"], steps
        flash = read_back(chip, mock.port, folder, 0, SLOT + len(image))
    assert flash[SLOT : SLOT + len(image)] == image, "the application differs"
    loader = flash[BOOT[chip] : TABLE]
    valid(chip, loader[: length(loader)], folder)
    assert partitions(flash[TABLE:]) == described()
    assert flash[0xD000:0xF000] == b"\xff" * 0x2000


def erases(program, home, folder, chip, entry):
    """With --erase nothing of what the board stored is left."""
    with Mock(chip, folder) as mock:
        file = folder / "stored.bin"
        file.write_bytes(b"stored")
        here = ["--before", "no-reset", "--after", "no-reset"]
        esptool("--chip", chip, "--port", mock.port, *here, "write-flash", 0x3D0000, file)
        time.sleep(3.5)
        for erase, left in ((["--json"], b"stored"), (["--erase", "--json"], b"\xff" * 6)):
            done, lines = run(program, home, "--port", mock.port, *erase)
            assert done.returncode == 0, done.stderr
            assert ("erasing" in [line["step"] for line in lines]) == ("--erase" in erase)
            assert read_back(chip, mock.port, folder, 0x3D0000, 6) == left


def writes_what_esptool_merged(program, home, folder, chip, entry):
    """A merged image by esptool is written as it is."""
    merged = folder / "merged.bin"
    image = home / "switchboard/firmware" / entry["file"]
    with Mock(chip, folder) as mock:
        run(program, home, "--port", mock.port)
        flash = read_back(chip, mock.port, folder, 0, SLOT)
    parts = []
    for address, end in ((BOOT[chip], TABLE), (TABLE, TABLE + 0x1000)):
        file = folder / f"part-{address:x}.bin"
        file.write_bytes(flash[address:end])
        parts += [hex(address), file]
    esptool("--chip", chip, "merge-bin", "--output", merged, *parts, hex(SLOT), image)
    with Mock(chip, folder) as mock:
        done, _ = run(program, home, "--port", mock.port, "--image", merged)
        assert done.returncode == 2 and "--at 0x0" in done.stderr, done
        done, _ = run(program, home, "--port", mock.port, "--image", merged, "--at", "0x0")
        assert done.returncode == 0, done.stderr
        size = merged.stat().st_size
        assert read_back(chip, mock.port, folder, 0, size) == merged.read_bytes()


def refuses_another_chip(program, home, folder, chip, entry):
    """The wrong image is refused, before anything is written."""
    other = next(it for it in CHIPS if it != chip)
    with Mock(other, folder) as mock:
        image = home / "switchboard/firmware" / entry["file"]
        done, lines = run(program, home, "--port", mock.port, "--image", image, "--json")
        assert done.returncode == 1 and lines[-1]["reason"] == "wrong_chip", done
        assert lines[-1]["message"] in done.stderr, done
        assert read_back(other, mock.port, folder, 0, 0x11000) == b"\xff" * 0x11000


def notices_damage(program, home, folder, chip, entry):
    """An image that differs from the manifest is not written."""
    file = home / "switchboard/firmware" / entry["file"]
    whole = file.read_bytes()
    file.write_bytes(whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    try:
        with Mock(chip, folder) as mock:
            done, lines = run(program, home, "--port", mock.port, "--json")
            assert done.returncode == 2 and lines[-1]["reason"] == "image_damaged", done
    finally:
        file.write_bytes(whole)


def main(program, built):
    print(f"esptool {version('esptool')}, esp32-mock-bootloader {version('esp32-mock-bootloader')}")
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        home = folder / "data"
        firmware = home / "switchboard/firmware"
        firmware.mkdir(parents=True)
        entries = collect(built, firmware)
        exercises = [(flashes, chip) for chip in CHIPS] + [
            (erases, "esp32c3"),
            # The C3's boot loader needs revision 0.3; the mock has 0.0.
            (writes_what_esptool_merged, "esp32c6"),
            (writes_what_esptool_merged, "esp32"),
            (refuses_another_chip, "esp32c3"),
            (notices_damage, "esp32c6"),
        ]
        for exercise, chip in exercises:
            entry = entries[chip]
            name = f"{exercise.__name__.replace('_', ' ')}: {chip}, {entry['name']}"
            began = time.monotonic()
            try:
                exercise(program, home, folder, chip, entry)
            except Exception:
                traceback.print_exc()
                print(f"failed  {name}", flush=True)
                failed += 1
            else:
                print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{len(exercises) - failed} of {len(exercises)} exercises passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
