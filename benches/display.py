"""A virtual display of a program's own."""

import os
import pathlib
import subprocess
import tempfile


class Display:
    """A virtual display, and the environment of a program on it."""

    def __enter__(self):
        self.work = tempfile.TemporaryDirectory()
        runtime = pathlib.Path(self.work.name) / "runtime"
        runtime.mkdir(mode=0o700)
        number, display_fd = os.pipe()
        # Without -noreset the server resets when its last client disconnects,
        # and a client that connects at that moment hangs.
        command = ["Xvfb", "-displayfd", str(display_fd), "-noreset", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
        self.server = subprocess.Popen(command, pass_fds=[display_fd], stderr=subprocess.DEVNULL)
        os.close(display_fd)
        with os.fdopen(number) as answer:
            display = ":" + answer.readline().strip()
        environment = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
        return {**environment, "DISPLAY": display, "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": self.work.name}

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()
        self.work.cleanup()
