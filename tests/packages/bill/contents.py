"""Compares a bill of materials with Cargo.lock:

    tests/packages/bill/contents.py BILL.json

It names what is locked, each part with a license, and with a hash unless it is
ours.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


def main(path):
    bill = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    lock = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r'name = "(.*)"\nversion = "(.*)"', lock))
    parts = bill["components"]
    for part in parts:
        assert (part["name"], part["version"]) in locked, part
        assert part["licenses"], part
        assert "hashes" in part or part["name"].startswith("switchboard-"), part
    names = {part["name"] for part in parts}
    # What the window is drawn with is in it, what only tests use is not.
    assert {"egui", "switchboard-gui", "ring"} <= names
    assert not {"egui_kittest", "switchboard-benches", "nfq"} & names
    refs = {part["bom-ref"] for part in parts} | {bill["metadata"]["component"]["bom-ref"]}
    assert refs == {one["ref"] for one in bill["dependencies"]}
    assert all(set(one["dependsOn"]) <= refs for one in bill["dependencies"])


if __name__ == "__main__":
    main(*sys.argv[1:])
