"""Images: those that firmware/esp32/check built, or made-up ones."""

import hashlib
import json
import random
import struct
from pathlib import Path

# esp_chip_id_t
CHIPS = {"esp32": 0, "esp32c3": 5, "esp32c6": 13, "esp32s3": 9}

# Where an image may expect its constants: flash that the chip maps.
MAPPED = {"esp32": 0x3F400020, "esp32c3": 0x3C000020, "esp32c6": 0x42000020, "esp32s3": 0x3C000020}


def made_up(chip, size=200_001):
    """An application image of one segment, as the ESP-IDF describes it."""
    data = bytearray(random.Random(chip).randbytes(size & ~3))
    data[:256] = bytes(256)
    struct.pack_into("<I", data, 0, 0xABCD5432)
    data[16:21] = b"9.8.7"
    data[48:55] = b"made-up"
    image = bytearray(struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, MAPPED[chip]))
    image += struct.pack("<BBBBHBHHIB", 0xEE, 0, 0, 0, CHIPS[chip], 0, 0, 0xFFFF, 0, 1)
    image += struct.pack("<II", MAPPED[chip], len(data)) + data
    checksum = 0xEF
    for byte in data:
        checksum ^= byte
    image += bytes(-(len(image) + 1) % 16) + bytes([checksum])
    return bytes(image + hashlib.sha256(image).digest())


def collect(built, folder):
    """Fills a folder with an image for each chip and returns the entries."""
    manifest = Path(built, "manifest.json") if built else None
    found = json.loads(manifest.read_text())["images"] if manifest and manifest.is_file() else []
    entries = {}
    for chip in CHIPS:
        entry = next((it for it in found if it["chip"] == chip), None)
        if entry:
            image = Path(built, entry["file"]).read_bytes()
        else:
            image = made_up(chip)
            entry = {
                "file": f"{chip}.bin",
                "chip": chip,
                "board": f"{chip}-made-up",
                "name": "made-up",
                "version": "9.8.7",
                "sha256": hashlib.sha256(image).hexdigest(),
                "size": len(image),
            }
        (folder / entry["file"]).write_bytes(image)
        entries[chip] = entry
    (folder / "manifest.json").write_text(json.dumps({"images": list(entries.values())}))
    return entries
