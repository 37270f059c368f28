"""Ended in the middle of it: nothing is left behind, nothing is said, and the exit code is the shells'."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.machine import PROJECT


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_build_that_is_ended_leaves_nothing(tmp_path: Path, number: signal.Signals, code: int) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "advisories.db").write_bytes(b"the old one")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes every request, answers none
        source = f"http://127.0.0.1:{silent.getsockname()[1]}/all.zip"
        process = subprocess.Popen(
            [sys.executable, "-m", "pratique", "db", "build", "--osv", source, "-o", str(out / "advisories.db")],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        silent.settimeout(30)
        asked, _ = silent.accept()
        with asked:
            time.sleep(0.2)
            process.send_signal(number)
            printed = process.communicate(timeout=30)
    assert printed == (b"", b"")
    assert process.returncode == code
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [("advisories.db", b"the old one")]
