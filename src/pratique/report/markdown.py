"""A summary in Markdown, for a pipeline's run page or a pull request: the verdict, the numbers, the worst findings.

Everything from outside is escaped, so that no package name becomes a link, a picture or a table of its own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from pratique.model.finding import Finding
from pratique.model.verdict import Outcome, Reason, Verdict
from pratique.report.report import Report, totals, worst_first
from pratique.report.text import one_line

SHOWN = 50  # findings, and reasons
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@&:-])")
_OUTCOMES = {Outcome.ALLOW: "✅ allowed", Outcome.WARN: "⚠️ allowed, with warnings", Outcome.DENY: "⛔ denied"}


def render(report: Report) -> bytes:
    """The report as Markdown (CommonMark with tables), UTF-8."""
    return ("\n".join(_lines(report)) + "\n").encode("utf-8", "replace")


def text(raw: str, limit: int = 200) -> str:
    """A text from outside as Markdown that shows exactly it."""
    return _SPECIAL.sub(r"\\\1", one_line(raw, limit))


def code(raw: str, limit: int = 200) -> str:
    """A text from outside as code; backticks can't be kept in it."""
    return "`" + one_line(raw, limit).replace("`", "'").replace("|", "\\|") + "`" if raw else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table of cells that are Markdown already."""
    yield f"| {' | '.join(headings)} |"
    yield "| " + " | ".join("---" for _ in headings) + " |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def finding_row(finding: Finding) -> tuple[str, ...]:
    """One finding as cells: severity, vulnerability, package, installed, fixed in."""
    fixes = ", ".join(finding.fix_versions[:3])
    name = text(finding.id)
    link = f"[{name}]({finding.url})" if re.fullmatch(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]+", finding.url) else name
    return (finding.severity.word, link, code(finding.package.name), code(finding.package.version), code(fixes) or "-")


FINDING_HEADINGS = ("severity", "vulnerability", "package", "installed", "fixed in")


def _lines(report: Report) -> Iterator[str]:
    yield f"## Pratique: {text(report.target)}"
    yield ""
    yield _about(report)
    yield ""
    if report.verdict:
        yield from _verdict(report.verdict)
    if report.advisories:
        yield from _findings(report)
    left = [*report.inventory.skipped, *report.unmatched]
    if left:
        yield f"<details><summary>{len(left)} not scanned</summary>"
        yield ""
        yield from (f"- {code(item.path)}: {text(item.reason)}" for item in left[:SHOWN])
        yield from _more(len(left))
        yield ""
        yield "</details>"
        yield ""
    yield f"<sub>pratique {text(report.tool_version)}, {text(report.generated_at)}</sub>"


def _about(report: Report) -> str:
    inventory = report.inventory
    distro = inventory.distro
    parts = [
        code(inventory.image or ""),
        text(distro.name or f"{distro.id} {distro.version_id}") if distro else "",
        f"{len(inventory.packages)} packages",
    ]
    return " · ".join(part for part in parts if part)


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield f"**Verdict: {_OUTCOMES[verdict.outcome]}**"
    yield ""
    yield from (_reason(reason) for reason in verdict.reasons[:SHOWN])
    yield from _more(len(verdict.reasons))
    if verdict.reasons:
        yield ""


def _reason(reason: Reason) -> str:
    remedy = f" — {text(reason.remedy, 300)}" if reason.remedy else ""
    return f"- **{reason.outcome.value}** ({text(reason.rule)}): {text(reason.message, 500)}{remedy}"


def _findings(report: Report) -> Iterator[str]:
    counts = totals(report.findings)
    fixable = sum(1 for finding in report.findings if finding.fix_versions)
    yield from table(
        [severity.word for severity in counts] + ["fixable"],
        [[*(str(count) for count in counts.values()), str(fixable)]],
    )
    yield ""
    found = worst_first(report.findings)
    if not found:
        yield "No known vulnerabilities."
    else:
        yield from table(FINDING_HEADINGS, (finding_row(finding) for finding in found[:SHOWN]))
        yield from ("", *_more(len(found))) if len(found) > SHOWN else ()
    yield ""


def _more(number: int) -> Iterator[str]:
    if number > SHOWN:
        yield f"… and {number - SHOWN} more"
