"""Programs for Windows under Wine, in a prefix of their own: a run of tests/windows/run ends everything in its prefix."""

import os
import pathlib
import shutil
import subprocess
import time

import processes

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRIPLE = "x86_64-pc-windows-gnu"
NEEDS = ["wine", "wineserver", "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-strip", "Xvfb", "xdotool"]
# How often xdotool looks for the window, in seconds: the error of the figure.
LOOK = 0.01
TIMEOUT = 60


def search_path():
    # wineserver is not in PATH on Debian.
    return os.environ.get("PATH", "") + ":/usr/lib/wine"


def missing():
    """The first program that is needed and not installed; None if all are."""
    return next((name for name in NEEDS if not shutil.which(name, path=search_path())), None)


def archive(folder, work):
    """Unpacks the archive for Windows, as a user does, and adds the bare window; returns paths by name."""
    packed = work / "app.zip"
    subprocess.run([ROOT / "packaging" / "windows" / "zip", folder, packed], check=True, stdout=subprocess.DEVNULL)
    shutil.unpack_archive(packed, work)
    app = work / "Switchboard"
    shutil.copy(folder / "examples" / "bare_window.exe", app / "bin")
    # Wine 8 lacks this library.
    library = app / "bcryptprimitives.dll"
    source = ROOT / "tests" / "windows" / "bcryptprimitives.c"
    subprocess.run(["x86_64-w64-mingw32-gcc", "-shared", "-O1", "-o", library, source, "-ladvapi32"], check=True)
    shutil.copy(library, app / "bin")
    return {"Switchboard": app / "Switchboard.exe", "switchboard": app / "bin" / "switchboard.exe", "Bare": app / "bin" / "bare_window.exe"}


class Wine:
    """A running Wine. One program stays open in it, so that Wine's own start is in no figure."""

    def __init__(self, environment):
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        self.prefix = cache / "switchboard" / "wine-start"
        quiet = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "bcryptprimitives=n;mscoree=;mshtml="}
        self.loaders = []
        self.environment = {**environment, **quiet, "WINEPREFIX": str(self.prefix), "PATH": search_path()}
        if not (self.prefix / "made").exists():
            self.prefix.mkdir(parents=True, exist_ok=True)
            self.run("wineboot", "--init", timeout=300)
            self.run("wineserver", "-w", timeout=120)
            (self.prefix / "made").touch()
        self.open = subprocess.Popen(
            ["wine", "cmd"], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        # Its first prompt: Wine's services have started.
        self.open.stdout.read(1)

    def run(self, *command, timeout):
        subprocess.run(command, env=self.environment, check=True, timeout=timeout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        # Ends only the processes of this prefix.
        subprocess.run(["wineserver", "-k"], env=self.environment)
        for process in (*self.loaders, self.open):
            process.wait()
        self.open.stdin.close()
        self.open.stdout.close()

    def forget(self):
        """Removes what the program has remembered of its last run."""
        for folder in self.prefix.glob("drive_c/users/*/AppData/Roaming/switchboard"):
            shutil.rmtree(folder)

    def start(self, program, title, service):
        """Starts a program; returns the seconds until its window is there, and the processes of the program and of the window."""
        self.forget()
        began = time.monotonic()
        loader = subprocess.Popen(
            ["wine", program],
            env={**self.environment, "SWITCHBOARD_SERVICE": service},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.loaders.append(loader)
        look = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]
        while True:
            found = subprocess.run(look, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            took = time.monotonic() - began
            if found.stdout.strip():
                break
            if took > TIMEOUT or loader.poll() is not None:
                raise SystemExit(f"{program}: no window after {took:.0f} s")
            time.sleep(LOOK)
        window = found.stdout.split()[0]
        owner = subprocess.run(["xdotool", "getwindowpid", window], env=self.environment, check=True, text=True, stdout=subprocess.PIPE)
        # Wine's loader starts programs in processes of their own.
        started = processes.named(program.name, f"WINEPREFIX={self.prefix}")
        if len(started) != 1:
            raise SystemExit(f"{program}: {len(started)} processes")
        return took, started[0], int(owner.stdout)

    def stop(self, started, owner):
        # First the program that was started: it would show a message about the
        # end of the other.
        processes.end(started)
        processes.end(owner)
        while self.loaders:
            self.loaders.pop().wait()
