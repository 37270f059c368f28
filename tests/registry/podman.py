"""A real `podman system service` with a store of its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.machine import require, require_root


class Podman(NamedTuple):
    """Where its API listens, and how its command line is called on the same store."""

    socket: Path
    command: tuple[str, ...]

    def load(self, archive: Path) -> None:
        """Take in an archive."""
        subprocess.run([*self.command, "load", "-i", str(archive)], check=True, capture_output=True)


@contextmanager
def podman(folder: Path) -> Iterator[Podman]:
    """Run podman's API on a Unix socket below `folder`; skips where there is no podman, or we aren't root."""
    require("podman")
    require_root()
    command = ("podman", "--storage-driver", "vfs", "--root", str(folder / "root"), "--runroot", str(folder / "run"))
    socket = folder / "podman.sock"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "system", "service", "--time", "0", f"unix://{socket}"], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 30
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"podman did not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)
        yield Podman(socket, command)
    finally:
        process.terminate()
        process.wait(20)
