import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from tests.entrypoints.cli import world

Capture = pytest.CaptureFixture[str]


def test_status_says_what_the_database_holds(database: Path, capsys: Capture) -> None:
    assert main(["db", "status", "-f", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["advisories"], status["built_at"]) == (3, "2023-11-14T22:13:20Z")
    assert main(["db", "status"]) == 0
    assert f"{database}: 3 advisories, built 2023-11-14T22:13:20Z" in capsys.readouterr().out


def test_an_advisory_is_found_by_id_by_alias_and_by_package(database: Path, capsys: Capture) -> None:
    for words in (["DEBIAN-CVE-2024-0001"], ["CVE-2024-0001"]):
        assert main(["db", "lookup", *words]) == 0
        assert json.loads(capsys.readouterr().out)["id"] == "DEBIAN-CVE-2024-0001"
    assert main(["db", "lookup", "Debian:12", "openssl"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["db", "lookup", "CVE-1999-0001"]) == 3
    assert main(["db", "lookup", "a", "b", "c"]) == 2


def test_the_database_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PRATIQUE_DB", str(tmp_path / "other.db"))
    assert main(["db", "build", "--osv", str(world.osv(tmp_path / "osv"))]) == 0
    assert (tmp_path / "other.db").is_file()
    assert main(["db", "status"]) == 0


def test_a_broken_record_is_named_and_the_others_are_kept(tmp_path: Path, capsys: Capture) -> None:
    folder = world.osv(tmp_path / "osv")
    (folder / "broken.json").write_text("{")
    assert main(["db", "build", "--osv", str(folder), "-o", str(tmp_path / "a.db")]) == 0
    text = capsys.readouterr().out
    assert "3 advisories" in text
    assert "not read: broken.json" in text


def test_feeds_that_are_not_there_leave_the_old_database_alone(database: Path, tmp_path: Path, capsys: Capture) -> None:
    before = database.read_bytes()
    assert main(["db", "build", "--osv", str(tmp_path / "nothing")]) == 3
    assert capsys.readouterr().err.startswith("pratique: error: no advisories at ")
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == [database.name]
