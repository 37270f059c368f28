"""Azure Pipelines' logging commands: `pratique scan` speaks them where it runs in one (`TF_BUILD=True`).

On standard error, so that standard output stays the report: the agent reads both. Everything from outside is escaped,
for a package's name must not command the agent. Source: Azure DevOps' documentation, "Logging commands".
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.model.finding import Finding
    from pratique.report.report import Report

_ISSUES = 10  # of a report; the summary has more, and a run's page shows no more of one kind


def tell(report: "Report") -> None:
    """Issues, a summary and variables for the run, where this is Azure Pipelines; else nothing."""
    if os.environ.get("TF_BUILD", "").lower() != "true":
        return
    lines = [*commands(report)]
    if folder := os.environ.get("AGENT_TEMPDIRECTORY"):
        lines.append(_command("task.uploadsummary", {}, str(_summary(report, Path(folder)))))
    print("\n".join(lines), file=sys.stderr, flush=True)


def commands(report: "Report") -> Iterator[str]:
    """The logging commands for a report, without its summary."""
    from pratique.model.verdict import Outcome
    from pratique.report.report import totals

    verdict = report.verdict
    if verdict:
        for reason in [one for one in verdict.reasons if one.outcome is not Outcome.ALLOW][:_ISSUES]:
            kind = "error" if reason.outcome is Outcome.DENY else "warning"
            text = f"{report.target}: {reason.message}" + (f" ({reason.remedy})" if reason.remedy else "")
            yield _command("task.logissue", {"type": kind, "code": reason.rule}, text)
        yield _variable("pratique.outcome", verdict.outcome.value)
    else:
        yield from (_issue(report, finding) for finding in _worst(report))
    for severity, count in totals(report.findings).items():
        yield _variable(f"pratique.{severity.word}", str(count))
    yield _variable("pratique.image", report.inventory.image or "")


def escape(text: str) -> str:
    """A text as a property's value or a command's message: `%` first, then what would end it."""
    for char, code in (("%", "%AZP25"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"), (";", "%3B")):
        text = text.replace(char, code)
    return text


def _worst(report: "Report") -> "list[Finding]":
    from pratique.model.advisory import Severity
    from pratique.report.report import worst_first

    return [one for one in worst_first(report.findings) if one.severity >= Severity.HIGH][:_ISSUES]


def _issue(report: "Report", finding: "Finding") -> str:
    from pratique.report import places

    package = finding.package
    text = f"{report.target}: {package.name} {package.version} has {finding.id} ({finding.severity.word})"
    return _command("task.logissue", {"type": "warning", "code": finding.id}, f"{text}: {places.advice(finding)}")


def _variable(name: str, value: str) -> str:
    return _command("task.setvariable", {"variable": name, "isoutput": "true"}, value)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    from pratique.report.text import one_line

    pairs = ";".join(f"{key}={escape(one_line(value, 200))}" for key, value in properties.items())
    return f"##vso[{name}{' ' if pairs else ''}{pairs}]{escape(one_line(message))}"


def _summary(report: "Report", folder: Path) -> Path:
    from pratique.report import markdown

    with tempfile.NamedTemporaryFile("wb", dir=folder, prefix="pratique-", suffix=".md", delete=False) as file:
        file.write(markdown.render(report))
    return Path(file.name).absolute()
