"""The table that people read in a terminal, in 80 columns or more."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.model.advisory import Severity
from pratique.model.finding import Finding
from pratique.model.inventory import Skipped
from pratique.model.verdict import Outcome, Verdict
from pratique.report import agreement
from pratique.report.report import Report, totals_line, worst_first
from pratique.report.text import one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_WIDE = 110  # columns; from here on there is room for what a vulnerability is about
_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
_OUTCOMES = {Outcome.ALLOW: "bold green", Outcome.WARN: "bold yellow", Outcome.DENY: "bold red"}
_SHOWN_SKIPS = 5
_SHOWN_DISAGREEMENTS = 20


def render(report: Report, *, width: int = 80, color: bool = False) -> str:
    """The report as text, `width` columns wide."""
    console = _console(width, color)
    _print(console, _title(report), "bold")
    if report.findings:
        console.print(_findings(worst_first(report.findings), width))
    if report.advisories:
        _print(console, totals_line(report.findings))
    if report.verdict:
        _verdict(console, report.verdict)
    _scanners(console, report)
    _skips(console, "not read", report.inventory.skipped)
    _skips(console, "not compared", report.unmatched)
    return _text(console)


def render_verdict(report: Report, *, width: int = 80, color: bool = False) -> str:
    """The verdict alone, with its reasons."""
    console = _console(width, color)
    _print(console, _title(report), "bold")
    if report.verdict:
        _verdict(console, report.verdict)
    return _text(console)


def _console(width: int, color: bool) -> "Console":
    from rich.console import Console

    return Console(
        file=io.StringIO(),
        width=max(width, 40),
        force_terminal=color,
        no_color=not color,
        highlight=False,
        markup=False,
    )


def _text(console: "Console") -> str:
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 - made in _console
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines())


def _print(console: "Console", text: str, style: str = "") -> None:
    console.print(one_line(text), style=style or None, soft_wrap=False)


def _title(report: Report) -> str:
    inventory = report.inventory
    distro = inventory.distro
    system = f", {distro.name or f'{distro.id} {distro.version_id}'.strip()}" if distro else ""
    number = len(inventory.packages)
    return f"{report.target}{system}, {number} package{'' if number == 1 else 's'}"


def _findings(findings: Sequence[Finding], width: int) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False, header_style="bold")
    table.add_column("severity", no_wrap=True)
    for heading in ("vulnerability", "package", "installed", "fixed in"):
        table.add_column(heading, overflow="fold")
    if width >= _WIDE:
        table.add_column("about", overflow="ellipsis", no_wrap=True, ratio=1)
    previous = None
    for finding in findings:
        if previous is not None and finding.severity is not previous:
            table.add_section()
        previous = finding.severity
        table.add_row(*_row(finding, width))
    return table


def _row(finding: Finding, width: int) -> "list[Text]":
    from rich.text import Text

    severity = Text(finding.severity.word, style=_STYLES.get(finding.severity, ""))
    fixes = ", ".join(finding.fix_versions) or "-"
    cells = [finding.id, finding.package.name, finding.package.version, fixes]
    if width >= _WIDE:
        cells.append(finding.summary)
    return [severity, *(Text(one_line(cell, 200)) for cell in cells)]


def _verdict(console: "Console", verdict: Verdict) -> None:
    _print(console, f"verdict: {verdict.outcome.value}", _OUTCOMES[verdict.outcome])
    for reason in verdict.reasons:
        remedy = f" ({reason.remedy})" if reason.remedy else ""
        _print(console, f"  {reason.outcome.value}: [{reason.rule}] {reason.message}{remedy}")


def _scanners(console: "Console", report: Report) -> None:
    """Who looked, and where they disagree."""
    if report.scanners:
        _print(console, f"scanners: {', '.join(report.scanners)}")
    odd = agreement.disagreements(report.findings, report.scanners) if len(report.scanners) > 1 else ()
    for finding, words in odd[:_SHOWN_DISAGREEMENTS]:
        _print(console, f"disagreement: {finding.id} in {finding.package.name}: {words}")
    if len(odd) > _SHOWN_DISAGREEMENTS:
        _print(console, f"disagreement: {len(odd) - _SHOWN_DISAGREEMENTS} more (-f json has the evidence of all)")


def _skips(console: "Console", what: str, skipped: Sequence[Skipped]) -> None:
    for item in skipped[:_SHOWN_SKIPS]:
        _print(console, f"{what}: {item.path}: {item.reason}")
    if len(skipped) > _SHOWN_SKIPS:
        _print(console, f"{what}: {len(skipped) - _SHOWN_SKIPS} more (-f json lists all)")
