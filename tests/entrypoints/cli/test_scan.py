import json
from pathlib import Path
from typing import Any

import pytest

from pratique.entrypoints.cli import formats
from pratique.entrypoints.cli.main import main

Capture = pytest.CaptureFixture[str]


def ids(capsys: Capture) -> list[str]:
    return [finding["id"] for finding in json.loads(capsys.readouterr().out)["findings"]]


def test_the_table_shows_what_is_wrong_and_what_would_mend_it(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root]) == 0
    text = capsys.readouterr().out
    lines = [line.split()[:5] for line in text.splitlines()]
    assert ["critical", "CVE-2024-0001", "libssl3", "3.0.11-1~deb12u1", "3.0.13-1"] in lines
    assert "3 findings: 1 critical, 1 high, 1 low" in text
    assert "\x1b" not in text


def test_json_names_packages_findings_and_advisories(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [package["name"] for package in document["packages"]] == ["libssl3", "requests"]
    assert document["generated_at"] == "2023-11-14T22:13:20Z"
    assert document["advisories"]["digest"].startswith("sha256:")
    assert document["verdict"] is None


@pytest.mark.parametrize("form", ["sarif", "cyclonedx"])
def test_other_formats_hold_the_same_findings(database: Path, root: str, capsys: Capture, form: str) -> None:
    assert main(["scan", root, "-f", form]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    found = document["vulnerabilities"] if form == "cyclonedx" else document["runs"][0]["tool"]["driver"]["rules"]
    assert [one["id"] for one in found] == ["CVE-2024-0001", "CVE-2018-18074", "CVE-2024-0002"]


def test_severity_filters_what_is_shown(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "json", "--severity", "HIGH,low"]) == 0
    assert ids(capsys) == ["CVE-2018-18074", "CVE-2024-0002"]


def test_ignore_unfixed_leaves_out_what_has_no_fix(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "json", "--ignore-unfixed"]) == 0
    assert ids(capsys) == ["CVE-2024-0001", "CVE-2018-18074"]


def test_fail_on_looks_at_what_is_not_shown_too(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "json", "--severity", "low", "--fail-on", "critical"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "pratique: failing on 1 finding of severity critical or worse\n"
    assert [finding["severity"] for finding in json.loads(captured.out)["findings"]] == ["low"]


def test_fail_on_does_not_count_what_is_ignored(database: Path, tmp_path: Path, root: str, capsys: Capture) -> None:
    (tmp_path / "rootfs/usr/lib/python3/dist-packages/requests-2.19.0.dist-info/METADATA").unlink()
    status = tmp_path / "rootfs/var/lib/dpkg/status"
    status.write_text(status.read_text().replace("3.0.11-1~deb12u1", "3.0.13-1"))
    assert main(["scan", root, "--fail-on", "low"]) == 1
    assert main(["scan", root, "--fail-on", "low", "--ignore-unfixed"]) == 0
    assert main(["scan", root, "--fail-on", "medium"]) == 0


def test_a_file_is_written_whole_and_nothing_beside_it(
    database: Path, tmp_path: Path, root: str, capsys: Capture
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert main(["scan", root, "-f", "json", "-o", str(folder / "report.json")]) == 0
    assert capsys.readouterr().out == ""
    assert [path.name for path in folder.iterdir()] == ["report.json"]
    assert len(json.loads((folder / "report.json").read_bytes())["findings"]) == 3


def test_a_failed_scan_leaves_the_old_report_alone(database: Path, tmp_path: Path, capsys: Capture) -> None:
    report = tmp_path / "report.json"
    report.write_text("old")
    assert main(["scan", "dir:/nowhere/at/all", "-f", "json", "-o", str(report)]) == 3
    assert report.read_text() == "old"


def test_the_same_scan_gives_the_same_bytes(database: Path, tmp_path: Path, root: str) -> None:
    for name in ("one", "two"):
        assert main(["scan", root, "-f", "cyclonedx", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_sbom_is_scanned_like_what_it_describes(database: Path, tmp_path: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "json"]) == 0
    expected = ids(capsys)
    for form in ("cyclonedx", "spdx", "json"):
        file = tmp_path / f"sbom.{form}"
        assert main(["sbom", root, "-f", form, "-o", str(file)]) == 0
        assert main(["scan", f"sbom:{file}", "-f", "json", "--offline"]) == 0
        assert ids(capsys) == expected


def test_a_policy_that_denies_makes_exit_one_and_its_verdict_is_in_the_report(
    database: Path, tmp_path: Path, root: str, capsys: Capture
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nrules:\n  - severity: {at_least: critical}\n    action: deny\n")
    code = main(["scan", root, "-f", "json", "--policy", str(policy)])
    captured = capsys.readouterr()
    assert (code, captured.err) == (1, "")
    assert json.loads(captured.out)["verdict"]["outcome"] == "deny"


def test_check_gives_the_verdict_with_reasons(database: Path, root: str, capsys: Capture) -> None:
    assert main(["check", root]) == 1
    text = capsys.readouterr().out
    assert "verdict: deny" in text
    assert "CVE-2024-0001" in text
    assert main(["check", root, "-f", "json"]) == 1
    assert {reason["outcome"] for reason in json.loads(capsys.readouterr().out)["verdict"]["reasons"]} >= {"deny"}


def test_check_is_fine_with_a_clean_image(database: Path, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["check", f"dir:{tmp_path / 'empty'}"]) == 0
    assert "verdict: allow" in capsys.readouterr().out


@pytest.mark.parametrize("form", formats.NAMES)
def test_every_format_can_be_had(database: Path, root: str, tmp_path: Path, form: str) -> None:
    assert main(["scan", root, "-f", form, "-o", str(tmp_path / "out")]) == 0
    assert form in {"spdx", "prometheus"} or "CVE-2024-0001" in (tmp_path / "out").read_text().replace("\\", "")


def test_several_formats_come_from_one_scan(database: Path, root: str, tmp_path: Path, capsys: Capture) -> None:
    files = {form: tmp_path / f"out.{form}" for form in ("sarif", "junit", "markdown")}
    also = [word for form, file in files.items() for word in ("--also", f"{form}={file}")]
    assert main(["scan", root, "-f", "json", *also]) == 0
    assert len(ids(capsys)) == 3
    assert all("CVE-2024-0001" in file.read_text().replace("\\", "") for file in files.values())


@pytest.mark.parametrize(
    ("also", "says"),
    [
        (["sarif"], "not FORMAT=FILE: 'sarif'"),
        (["sarif="], "not FORMAT=FILE"),
        (["sraif=x"], "not a format: 'sraif'"),
        (["sarif=x", "junit=./x"], "two formats would be written into one file"),
        (["sarif=/nowhere/x"], "there is no folder /nowhere"),
    ],
)
def test_a_wrong_further_format_is_refused_before_any_work(
    database: Path, root: str, capsys: Capture, also: list[str], says: str
) -> None:
    assert main(["scan", root, *(word for one in also for word in ("--also", one))]) == 2
    assert says in capsys.readouterr().err


def test_the_cosign_predicate_wraps_our_document(database: Path, root: str, capsys: Capture) -> None:
    assert main(["scan", root, "-f", "cosign-vuln"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert set(made) == {"invocation", "scanner", "metadata"}
    assert set(made["invocation"]) == {"parameters", "uri", "event_id", "builder.id"}
    assert set(made["scanner"]) == {"uri", "version", "db", "result"}
    assert made["scanner"]["result"]["schema_version"].startswith("1.")
    assert made["metadata"] == {"scanStartedOn": "2023-11-14T22:13:20Z", "scanFinishedOn": "2023-11-14T22:13:20Z"}
