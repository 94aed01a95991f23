"""Checks the resources of a program for Windows.

    tests/windows/resources.py PROGRAM.exe console|window

Prints what was found; exit status 1 if something is missing.
"""

import pathlib
import struct
import sys

RT_ICON, RT_GROUP_ICON, RT_VERSION, RT_MANIFEST = 3, 14, 16, 24
SUBSYSTEMS = {"window": 2, "console": 3}


def sections(data):
    """Subsystem, and address, offset and size of the section of resources."""
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    count, size = struct.unpack_from("<H12xH", data, pe + 6)
    (subsystem,) = struct.unpack_from("<H", data, pe + 24 + 68)
    for at in range(pe + 24 + size, pe + 24 + size + 40 * count, 40):
        name, _, address, length, offset = struct.unpack_from("<8sIIII", data, at)
        if name.rstrip(b"\0") == b".rsrc":
            return subsystem, address, data[offset : offset + length]
    sys.exit("no resources")


def entries(rsrc, at):
    named, numbered = struct.unpack_from("<HH", rsrc, at + 12)
    for n in range(named + numbered):
        yield struct.unpack_from("<II", rsrc, at + 16 + 8 * n)


def leaves(rsrc, base):
    """(type, bytes) of each resource: three levels of folders, then data."""
    for kind, one in entries(rsrc, 0):
        for _, two in entries(rsrc, one & 0x7FFFFFFF):
            for _, three in entries(rsrc, two & 0x7FFFFFFF):
                address, size = struct.unpack_from("<II", rsrc, three)
                yield kind, rsrc[address - base : address - base + size]


def main(path, kind):
    subsystem, base, rsrc = sections(pathlib.Path(path).read_bytes())
    found = list(leaves(rsrc, base))
    icons = sum(1 for t, _ in found if t == RT_ICON)
    versions = [d.decode("utf-16le", "replace") for t, d in found if t == RT_VERSION]
    manifests = [d.decode() for t, d in found if t == RT_MANIFEST]
    problems = []
    if subsystem != SUBSYSTEMS[kind]:
        problems.append(f"subsystem {subsystem}, not that of a {kind}")
    if icons < 8 or not any(t == RT_GROUP_ICON for t, _ in found):
        problems.append(f"{icons} icons")
    if len(versions) != 1 or "FileDescription\0" not in versions[0] or "Switchboard" not in versions[0]:
        problems.append("no version information")
    if len(manifests) != 1:
        problems.append(f"{len(manifests)} manifests")
    for setting in ("PerMonitorV2", "UTF-8</activeCodePage>", "asInvoker", "longPathAware"):
        if not any(setting in manifest for manifest in manifests):
            problems.append(f"no {setting} in the manifest")
    print(f"  {pathlib.Path(path).name}: {kind}, {icons} icons, a version, a manifest")
    if problems:
        sys.exit("; ".join(problems))


if __name__ == "__main__":
    main(*sys.argv[1:])
