"""Chromium without a window, with a profile of its own, in a process group that ends with it."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile

# A name that a stranger's page could be served from; the browser resolves it to
# this computer.
REBOUND = "rebound.example"
# A name of the local network, which leads here, too.
NAMED = "workshop.local"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1, MAP {NAMED} 127.0.0.1",
]


def find():
    """Where it is; None without it."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def browser(chromium, *arguments, profile=None):
    """Runs it with these arguments and the usual ones."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [chromium, *FLAGS, f"--user-data-dir={profile or folder}", *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
