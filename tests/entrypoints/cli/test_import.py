import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.digest import digest_of
from pratique.model.reference import Reference
from pratique.registry.layout import LayoutRepository
from pratique.registry.pack import pack
from tests.report.importers import files

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def trivy(tmp_path: Path) -> str:
    """A report of Trivy on the world of these tests: it knows openssl's CVE as medium, and one that we don't."""
    path = tmp_path / "trivy.json"
    name = "pkg:deb/debian/libssl3@3.0.11-1~deb12u1"
    one = {"PkgName": "libssl3", "PkgIdentifier": {"PURL": name}, "InstalledVersion": "3.0.11-1~deb12u1"}
    found = [
        {"VulnerabilityID": "CVE-2024-0001", "Severity": "MEDIUM", **one},
        {"VulnerabilityID": "CVE-2024-7777", "Severity": "HIGH", **one},
    ]
    path.write_bytes(files.data({"SchemaVersion": 2, "Results": [{"Type": "debian", "Vulnerabilities": found}]}))
    return str(path)


@pytest.mark.parametrize("name", files.FILES)
def test_every_scanners_report_becomes_every_format(name: str, tmp_path: Path, capsys: Capture) -> None:
    tool, content = files.FILES[name]
    path = tmp_path / "report.json"
    path.write_bytes(files.data(content))
    assert main(["import", "--from", tool, str(path), "-f", "json", "--also", f"sarif={tmp_path / 'out'}"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["findings"]
    assert all(one["evidence"][0]["source"].startswith("scanner:") for one in made["findings"])
    assert made["advisories"]["digest"] == digest_of(path.read_bytes())
    assert json.loads((tmp_path / "out").read_bytes())["runs"][0]["results"]


def test_a_policy_judges_it_as_it_judges_our_own(trivy: str, tmp_path: Path, capsys: Capture) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text("version: 1\nrules:\n  - severity: {at_least: high}\n    action: deny\n")
    assert main(["import", trivy, "--policy", str(policy)]) == 1
    assert "deny: [severity] libssl3 3.0.11-1~deb12u1 has CVE-2024-7777 (high)" in capsys.readouterr().out
    assert main(["import", trivy, "--fail-on", "critical"]) == 0
    assert main(["import", trivy, "--fail-on", "high"]) == 1


def test_a_foreign_file_is_refused(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "x.json").write_text('{"hello": "world"}')
    assert main(["import", str(tmp_path / "x.json")]) == 3
    assert "no known scanner writes this" in capsys.readouterr().err
    assert main(["import", "--from", "snyk", str(tmp_path / "x.json")]) == 2


def test_a_scan_joins_another_scanners_report_and_shows_where_they_disagree(
    database: Path, root: str, trivy: str, capsys: Capture
) -> None:
    assert main(["scan", root, "--with-report", trivy]) == 0
    text = capsys.readouterr().out
    assert "scanners: pratique, trivy" in text
    assert "disagreement: CVE-2024-0001 in libssl3: pratique says critical, trivy says medium" in text
    assert "disagreement: CVE-2024-7777 in libssl3: found by trivy, not by pratique" in text
    assert "4 findings" in text


def test_a_policy_may_ask_for_agreement(database: Path, root: str, trivy: str, tmp_path: Path, capsys: Capture) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "version: 1\nrules:\n  - scanner-agreement: {scanners: [pratique, trivy, grype], at_least: high}\n"
        "    action: deny\n"
    )
    assert main(["check", root, "--policy", str(policy), "--with-report", trivy]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "there is no report of grype" in text
    assert "CVE-2024-7777 (high), found by trivy, not by pratique" in text
    assert "CVE-2024-0001" not in text


def test_the_policys_schema_is_printed(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--schema"])
    assert stopped.value.code == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Pratique policy"


def test_rules_on_signatures_look_with_the_keys_that_are_named(
    database: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    pack(LayoutRepository(tmp_path / "layout", Reference.parse("registry.example/web")), [], tag="1")
    target, key = f"oci:{tmp_path / 'layout'}:1", str(tmp_path / "own")
    policy = tmp_path / "p.yaml"
    policy.write_text(
        "version: 1\nrules:\n  - missing-signature: {}\n    action: deny\n"
        "  - runs-as-root: {}\n    action: warn\n  - base-image: {allow: ['x/*']}\n    action: warn\n"
    )
    ask = ["check", target, "--policy", str(policy)]
    assert main(["sign", "--generate-key", key]) == 0
    assert main(ask) == 1
    assert "whether it is signed is not known" in " ".join(capsys.readouterr().out.split())
    assert main([*ask, "--key", f"{key}.pub"]) == 1
    assert "it has no signature that verifies" in capsys.readouterr().out
    assert main(["sign", "--key", f"{key}.key", target]) == 0
    assert main([*ask, "--key", f"{key}.pub"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "it runs as root: it sets no user" in text
    assert "what it is built on is not known" in text
