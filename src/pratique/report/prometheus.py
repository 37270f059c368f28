"""Prometheus' text format 0.0.4, for node_exporter's textfile collector or a push gateway.

Numbers only: which finding it is stays in the other formats, for a label per CVE would drown the server.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from pratique.model.advisory import Severity
from pratique.model.finding import State
from pratique.model.verdict import Outcome
from pratique.report.report import Report
from pratique.report.text import one_line

_OPEN = frozenset({State.AFFECTED, State.UNDER_INVESTIGATION})


def render(report: Report) -> bytes:
    """The report as metrics; each sample names the target and the image's digest."""
    base = {"target": report.target, "image": report.inventory.image or ""}
    lines = [*_inventory(report, base)]
    if report.advisories:
        lines += _findings(report, base)
    if report.verdict:
        lines += _verdict(report, base)
    return "\n".join(lines).encode("utf-8", "replace") + b"\n"


def _inventory(report: Report, base: Mapping[str, str]) -> Iterator[str]:
    yield from _head("pratique_packages", "Packages found.")
    yield _sample("pratique_packages", base, len(report.inventory.packages))
    yield from _head("pratique_not_scanned", "Things that could not be read or compared with advisories.")
    yield _sample("pratique_not_scanned", base, len(report.inventory.skipped) + len(report.unmatched))
    yield from _head("pratique_scan_timestamp_seconds", "When the scan was made.")
    yield _sample("pratique_scan_timestamp_seconds", base, _seconds(report.generated_at))


def _findings(report: Report, base: Mapping[str, str]) -> Iterator[str]:
    counts = Counter(
        (finding.severity, bool(finding.fix_versions)) for finding in report.findings if finding.state in _OPEN
    )
    yield from _head("pratique_findings", "Open findings by severity, and whether a fix is known.")
    for severity in sorted(Severity, reverse=True):
        for fixable in (True, False):
            labels = {**base, "severity": severity.word, "fixable": str(fixable).lower()}
            yield _sample("pratique_findings", labels, counts[severity, fixable])
    if report.advisories:
        yield from _head("pratique_advisories_timestamp_seconds", "When the advisories were built.")
        yield _sample("pratique_advisories_timestamp_seconds", base, _seconds(report.advisories.built_at))


def _verdict(report: Report, base: Mapping[str, str]) -> Iterator[str]:
    verdict = report.verdict
    if verdict is None:
        return
    yield from _head("pratique_verdict", "1 for what the policy said, 0 for what it did not.")
    for outcome in Outcome:
        yield _sample("pratique_verdict", {**base, "outcome": outcome.value}, int(outcome is verdict.outcome))
    counts = Counter((reason.rule, reason.outcome) for reason in verdict.reasons)
    if counts:
        yield from _head("pratique_reasons", "The policy's reasons by rule.")
    for (rule, outcome), count in sorted(counts.items()):
        yield _sample("pratique_reasons", {**base, "rule": rule, "outcome": outcome.value}, count)


def _head(name: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} gauge"


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{pairs}}} {value:.15g}"


def _escaped(text: str) -> str:
    return one_line(text, 500).replace("\\", "\\\\").replace('"', '\\"')


def _seconds(time: str) -> float:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0
