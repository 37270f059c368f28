"""What the command line's tests share."""

from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from tests.entrypoints.cli import world


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine, and a fixed time."""
    for name in ("PRATIQUE_DB", "PRATIQUE_DEBUG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def database(tmp_path: Path, own_environment: None, capsys: pytest.CaptureFixture[str]) -> Path:
    """Advisories where `pratique` looks for them."""
    assert main(["db", "build", "--osv", str(world.osv(tmp_path / "osv"))]) == 0
    capsys.readouterr()
    return tmp_path / "data" / "pratique" / "advisories.db"


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A root file system, as a target."""
    return f"dir:{world.rootfs(tmp_path / 'rootfs')}"
