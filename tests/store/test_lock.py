"""A folder that one process at a time works in."""

import subprocess
import sys
from pathlib import Path

import pytest

from pratique.model.errors import PratiqueError
from pratique.store.lock import hold


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "state"
    with hold(folder):
        with pytest.raises(PratiqueError, match="state is in use by another pratique") as refused, hold(folder):
            pass
        assert "--state" in refused.value.hint
    with hold(folder):
        pass


def test_a_holder_that_was_killed_holds_no_more(tmp_path: Path) -> None:
    script = "import sys, os, signal; from pathlib import Path; from pratique.store.lock import hold\n"
    script += "with hold(Path(sys.argv[1])):\n    os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == -9
    with hold(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(PratiqueError, match=f"cannot write in {tmp_path}/file/state"),
        hold(tmp_path / "file" / "state"),
    ):
        pass
