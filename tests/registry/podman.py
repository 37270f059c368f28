"""A real `podman system service` with a store of its own."""

import subprocess
import tempfile
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
    """Run podman's API on a socket, its store below `folder`; skips where there is no podman, or we aren't root."""
    require("podman")
    require_root()
    # Podman wants a short path here, and so does a socket's address.
    with tempfile.TemporaryDirectory(prefix="p-", dir="/tmp", ignore_cleanup_errors=True) as short:
        command = ("podman", "--storage-driver", "vfs", "--root", str(folder / "root"), "--runroot", short)
        socket, log = Path(short, "s"), Path(short, "log")
        with log.open("wb") as file:
            service = ("system", "service", "--time", "0", f"unix://{socket}")
            process = subprocess.Popen([*command, *service], stdout=file, stderr=file)
        try:
            _wait(socket, process, log)
            yield Podman(socket, command)
        finally:
            process.terminate()
            process.wait(20)


def _wait(socket: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"podman did not start: {log.read_text()[-500:]}")
        time.sleep(0.05)
