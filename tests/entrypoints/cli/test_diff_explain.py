import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def saved(database: Path, root: str, tmp_path: Path) -> Path:
    """A report of the world as it was, before openssl is mended and requests is replaced."""
    file = tmp_path / "before.json"
    assert main(["check", root, "-f", "json", "-o", str(file)]) == 1
    status = tmp_path / "rootfs/var/lib/dpkg/status"
    status.write_text(status.read_text().replace("3.0.11-1~deb12u1", "3.0.13-1"))
    return file


def test_a_saved_report_and_the_present_are_compared(saved: Path, root: str, capsys: Capture) -> None:
    assert main(["diff", str(saved), root]) == 0
    text = capsys.readouterr().out
    assert "~ libssl3 3.0.11-1~deb12u1 → 3.0.13-1" in text
    assert "fixed: 1 finding: 1 critical" in text
    assert "new: 0 findings" in text
    assert "remaining: 2 findings" in text


def test_backwards_the_fixed_finding_is_new_and_may_fail_the_build(saved: Path, root: str, capsys: Capture) -> None:
    assert main(["diff", root, str(saved), "--fail-on", "high", "-f", "json"]) == 1
    captured = capsys.readouterr()
    assert [one["id"] for one in json.loads(captured.out)["new_findings"]] == ["CVE-2024-0001"]
    assert captured.err == "pratique: failing on 1 new of severity high or worse\n"


def test_a_diff_in_markdown(saved: Path, root: str, capsys: Capture) -> None:
    assert main(["diff", str(saved), root, "-f", "markdown"]) == 0
    assert "| changed | `libssl3` |" in capsys.readouterr().out


def test_a_saved_report_equals_itself_in_everything(saved: Path, capsys: Capture) -> None:
    assert main(["diff", str(saved), str(saved), "-f", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["packages"], made["fixed"], made["new_findings"]) == ([], [], [])
    assert len(made["remaining"]) == 3


def test_a_file_that_is_no_report_is_refused(saved: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "x.json").write_text('{"a": 1}')
    assert main(["diff", str(saved), str(tmp_path / "x.json")]) == 3
    assert "cannot read" in capsys.readouterr().err


def test_a_verdict_is_explained_from_its_report(saved: Path, capsys: Capture) -> None:
    assert main(["explain", str(saved), "CVE-2024-0001"]) == 0
    text = capsys.readouterr().out
    assert "deny: libssl3 3.0.11-1~deb12u1 has CVE-2024-0001 (critical), fixed in 3.0.13-1" in text
    assert "DEBIAN-CVE-2024-0001" in text
    assert "update to libssl3 (source package openssl) 3.0.13-1 or later and rebuild" in text
    assert main(["explain", str(saved), "-f", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["reasons"]) >= 3


def test_a_report_without_a_verdict_cannot_be_explained(
    database: Path, root: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["scan", root, "-f", "json", "-o", str(tmp_path / "scan.json")]) == 0
    assert main(["explain", str(tmp_path / "scan.json")]) == 3
    assert "make it with pratique check -f json" in capsys.readouterr().err
