"""Azure Pipelines' logging commands, read back as the agent reads them."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pratique.entrypoints.cli import pipeline
from pratique.entrypoints.cli.main import main
from pratique.model.inventory import Package, PackageType
from tests.report.samples import FINDINGS, report

Capture = pytest.CaptureFixture[str]
COMMAND = re.compile(r"##vso\[([a-z.]+)(?: ([^\]]*))?\](.*)")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A command as microsoft/azure-pipelines-agent reads it: name, properties, message."""
    found = COMMAND.fullmatch(line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in (found[2] or "").split(";") if pair)
    return found[1], {key: decoded(value) for key, value in pairs.items()}, decoded(found[3])


def decoded(text: str) -> str:
    for code, char in (("%3B", ";"), ("%5D", "]"), ("%0A", "\n"), ("%0D", "\r"), ("%AZP25", "%")):
        text = text.replace(code, char)
    return text


@given(st.text(st.sampled_from("%];\r\nAZP25D0a"), max_size=20))
def test_what_is_escaped_is_read_back(text: str) -> None:
    assert decoded(pipeline.escape(text)) == text
    assert not set("];\r\n") & set(pipeline.escape(text))


def test_a_verdict_becomes_issues_and_output_variables() -> None:
    found = [read(line) for line in pipeline.commands(report())]
    assert found[0] == (
        "task.logissue",
        {"type": "error", "code": "severity"},
        "registry.example/shop/web:1.0: CVE-2024-0001 in libssl3 is critical (update to 3.0.13-1)",
    )
    assert found[1][1]["type"] == "warning"
    variables = {properties["variable"]: text for name, properties, text in found if name == "task.setvariable"}
    assert variables["pratique.outcome"] == "deny"
    assert variables["pratique.critical"] == "1"
    assert variables["pratique.image"].startswith("sha256:")


def test_without_a_policy_the_worst_findings_are_warnings() -> None:
    found = [read(line) for line in pipeline.commands(replace(report(), verdict=None))]
    issues = [text for name, _, text in found if name == "task.logissue"]
    assert len(issues) == 2
    assert "libssl3 3.0.11-1~deb12u1 has CVE-2024-0001 (critical): update to 3.0.13-1" in issues[0]


def test_a_hostile_name_cannot_command_the_agent() -> None:
    evil = Package(PackageType.NPM, "a]\n##vso[task.setvariable variable=x]y;", "1", "")
    lines = [*pipeline.commands(replace(report(), verdict=None, findings=(replace(FINDINGS[0], package=evil),)))]
    assert all(line.count("##vso[") == 1 or "%5D" in line for line in lines)
    assert {read(line)[0] for line in lines} == {"task.logissue", "task.setvariable"}
    assert "x" not in {read(line)[1].get("variable") for line in lines}


def test_a_scan_in_a_pipeline_tells_the_agent_and_writes_a_summary(
    database: Path, root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("TF_BUILD", "True")
    monkeypatch.setenv("AGENT_TEMPDIRECTORY", str(tmp_path))
    assert main(["scan", root, "-f", "json"]) == 0
    captured = capsys.readouterr()
    assert "##vso" not in captured.out
    commands = [read(line) for line in captured.err.splitlines()]
    [summary] = [text for name, _, text in commands if name == "task.uploadsummary"]
    assert Path(summary).is_absolute()
    assert "libssl3" in Path(summary).read_text()


def test_elsewhere_it_says_nothing(database: Path, root: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.delenv("TF_BUILD", raising=False)
    assert main(["scan", root]) == 0
    captured = capsys.readouterr()
    assert "##vso" not in captured.out + captured.err
