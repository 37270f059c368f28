"""What this machine has. A test that needs more is skipped, out loud, with the reason."""

import os
import shutil
import socket
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("PRATIQUE_SHARED", PROJECT.parent / "shared"))


def require(*programs: str) -> None:
    """Skip unless all these programs are on PATH."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}, not on this machine")


def require_root() -> None:
    """Skip unless we are root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


def require_shared(relative: str) -> Path:
    """The path below the shared folder, or skip where the project was cloned alone."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"needs shared/{relative} beside the project, not here")
    return path


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
