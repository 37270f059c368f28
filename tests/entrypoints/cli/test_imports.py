"""Start-up is a feature: what a command may import."""

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
from pratique.entrypoints.cli.main import main
try:
    code = main(sys.argv[2:])
except SystemExit as stopped:
    code = stopped.code
with open(sys.argv[1], "w") as file:
    json.dump([code, sorted(sys.modules)], file)
"""
NETWORK = {"urllib3", "http.client", "ssl", "socket"}
SERVERS = {"dbos", "uvicorn", "starlette", "lightkube", "sqlalchemy", "asyncio"}
HEAVY = {"cryptography", "nacl", "cvss", "yaml", "rich"}


def imported(folder: Path, *argv: str) -> set[str]:
    """The modules in memory after a command that went well."""
    file = folder / "modules.json"
    subprocess.run([sys.executable, "-c", SCRIPT, str(file), *argv], check=True, stdout=subprocess.DEVNULL)
    code, modules = json.loads(file.read_text())
    assert code == 0
    return set(modules)


def test_the_version_needs_no_libraries(tmp_path: Path) -> None:
    modules = imported(tmp_path, "--version")
    assert not modules & (NETWORK | SERVERS | HEAVY | {"msgspec", "sqlite3"})


def test_help_needs_no_libraries(tmp_path: Path) -> None:
    assert not imported(tmp_path, "--help") & (NETWORK | SERVERS | HEAVY | {"msgspec", "sqlite3"})


def test_a_scan_of_a_local_target_imports_no_network_and_no_table(database: Path, root: str, tmp_path: Path) -> None:
    modules = imported(tmp_path, "scan", root, "-f", "json")
    assert not modules & (NETWORK | SERVERS | HEAVY)
    assert not {name for name in modules if name.startswith("pratique.registry")}


def test_a_table_needs_rich_and_nothing_else_heavy(database: Path, root: str, tmp_path: Path) -> None:
    modules = imported(tmp_path, "scan", root)
    assert "rich" in modules
    assert not modules & (NETWORK | SERVERS | (HEAVY - {"rich"}))


def test_an_sbom_needs_no_advisories(root: str, tmp_path: Path) -> None:
    modules = imported(tmp_path, "sbom", root)
    assert not {name for name in modules if name.startswith(("pratique.judge", "pratique.advisories", "sqlite3"))}
