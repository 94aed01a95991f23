"""What running programs use, from /proc: memory by what is mapped, and connections. Linux, where programs under Wine are processes too."""

import os
import pathlib
import re
import select

ESTABLISHED = "01"
HEADER = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)")
# The first that matches names a mapping; what has no file is private memory of
# the program: its heap, and what its libraries allocate.
KINDS = [
    ("Mesa and LLVM", re.compile(r"libLLVM|libgallium|_dri\.so|libEGL|libGL|libgbm|libdrm|libz3")),
    ("fonts", re.compile(r"\.(ttf|otf|ttc|pcf)(\.gz)?$")),
    ("libraries", re.compile(r"\.so(\.|$)|\.(dll|drv|sys|exe|nls|cpl)$", re.IGNORECASE)),
    ("shared with the display and other programs", re.compile(r"^/(dev/shm|SYSV|memfd)|^/dev/|/tmp/.*wine|tmpmap")),
    ("heap and other private memory", re.compile(r"^$|^\[heap\]|^\[anon")),
    ("stacks", re.compile(r"^\[stack")),
]


def memory(identifier):
    """Resident and proportional memory of a process in MB: what it maps, and the part of it that it would free if it ended."""
    found = {"Rss": 0.0, "Pss": 0.0}
    for line in pathlib.Path(f"/proc/{identifier}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024 / 1e6
    return found["Rss"], found["Pss"]


def kind(path, program):
    """Which of KINDS a mapping is."""
    if path == program:
        return "the program's file"
    return next((name for name, pattern in KINDS if pattern.search(path)), "other files")


def maps(identifier, program):
    """Resident memory of a process in MB by kind of mapping; `program` is the path of its file."""
    found, current = {}, "other files"
    for line in pathlib.Path(f"/proc/{identifier}/smaps").read_text().splitlines():
        if header := HEADER.fullmatch(line):
            current = kind(header[1], program)
        elif line.startswith("Rss:"):
            found[current] = found.get(current, 0.0) + int(line.split()[1]) * 1024 / 1e6
    return found


def connections(ports):
    """How many connections to these ports of this computer are established."""
    count = 0
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = pathlib.Path(table).read_text().splitlines()[1:]
        except FileNotFoundError:
            continue
        for row in rows:
            fields = row.split()
            # Each has two ends here; that of the board has its port.
            count += fields[3] == ESTABLISHED and int(fields[1].rpartition(":")[2], 16) in ports
    return count


def named(name, setting):
    """The processes whose program is named so and whose environment has this setting, for example `WINEPREFIX=/tmp/a`."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            # Not its `comm`: a program under Wine may rename its first thread.
            program = (folder / "cmdline").read_text(errors="replace").split("\0")[0]
            if re.split(r"[/\\]", program)[-1] == name and setting.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            # It has ended, or belongs to another user.
            continue
    return found


def end(identifier, seconds=10):
    """Ends a process at once and waits until it is gone; it need not be a child of this one."""
    try:
        handle = os.pidfd_open(identifier)
    except ProcessLookupError:
        return
    try:
        os.kill(identifier, 9)
        select.select([handle], [], [], seconds)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)
