"""SARIF 2.1.0, in the shape that GitHub's and Azure DevOps' code scanning show (OASIS sarif-v2.1.0).

One rule per vulnerability, one result per package that has it. An image has no source file, so a result points at the
file that declares the package, below the image's short name. Fingerprints leave versions out: an alert stays the same
alert until its package or vulnerability goes away.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.report import places
from pratique.report.report import Report, worst_first
from pratique.report.text import one_line

RESULT_LIMIT = 25_000  # GitHub refuses a run with more
_TEXT_LIMIT = 1024  # GitHub's, for descriptions
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.UNKNOWN: "warning"}
# Where no CVSS score is known; GitHub shows "critical" above 9.0 only, and wants more than 0.
_SCORES = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 7.5,
    Severity.MEDIUM: 5.0,
    Severity.LOW: 2.0,
    Severity.NEGLIGIBLE: 0.5,
}


def render(report: Report) -> bytes:
    """The report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def document(report: Report) -> dict[str, Any]:
    """The report as a SARIF log of one run."""
    findings = [finding for finding in worst_first(report.findings) if finding.state is not State.FIXED]
    shown, left_out = findings[:RESULT_LIMIT], len(findings[RESULT_LIMIT:])
    worst: dict[str, Finding] = {}
    for finding in shown:
        worst.setdefault(finding.id, finding)
    numbers = {name: number for number, name in enumerate(worst)}
    run = {
        "tool": {
            "driver": {
                "name": "Pratique",
                "version": report.tool_version,
                "rules": [_rule(finding) for finding in worst.values()],
            }
        },
        "automationDetails": {"id": f"pratique/{one_line(report.target, 200)}/"},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(report, left_out)}],
        "results": [_result(finding, numbers[finding.id], report) for finding in shown],
        "properties": {"image": report.inventory.image or "", "generatedAt": report.generated_at},
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    summary = one_line(finding.summary or finding.id, _TEXT_LIMIT)
    rule = {
        "id": one_line(finding.id, 255) or "unknown",
        "name": "VulnerablePackage",
        "shortDescription": {"text": one_line(f"{finding.id}: {summary}", _TEXT_LIMIT)},
        "fullDescription": {"text": summary or finding.id or "unknown"},
        "help": {"text": _help(finding), "markdown": _help(finding, markdown=True)},
        "defaultConfiguration": {"level": _level(finding)},
        "properties": {
            "tags": ["security", "vulnerability", finding.severity.word, *finding.aliases[:6]],
            "precision": "very-high",
        },
    }
    score = finding.score or _SCORES.get(finding.severity)
    if score:
        rule["properties"]["security-severity"] = f"{score:.1f}"  # type: ignore[index]
    if finding.url.startswith(("https://", "http://")):
        rule["helpUri"] = finding.url
    return rule


def _help(finding: Finding, *, markdown: bool = False) -> str:
    lines = [one_line(finding.summary or finding.id), f"Severity: {finding.severity.word}"]
    if finding.score is not None:
        lines.append(f"CVSS: {finding.score:.1f} {one_line(finding.vector, 200)}".rstrip())
    if finding.aliases:
        lines.append("Also known as: " + one_line(", ".join(finding.aliases)))
    if finding.url:
        lines.append("More: " + one_line(finding.url))
    return "\n\n".join(_escaped(line) for line in lines) if markdown else "\n".join(lines)


def _escaped(text: str) -> str:
    return "".join("\\" + char if char in "\\`*[]<>|" else char for char in text)


def _result(finding: Finding, rule: int, report: Report) -> dict[str, Any]:
    package = finding.package
    result = {
        "ruleId": one_line(finding.id, 255) or "unknown",
        "ruleIndex": rule,
        "level": _level(finding),
        "message": {"text": _message(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": places.uri(report.target, places.path(finding) or package.name)},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": one_line(package.purl or package.name), "kind": "package"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{places.fingerprint(finding)}:1"},
        "properties": {"purl": package.purl, "fixVersions": finding.fix_versions},
    }
    if finding.state is State.NOT_AFFECTED:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "not affected"}]
    return result


def _message(finding: Finding) -> str:
    package = finding.package
    has = f"{package.name} {package.version} has {finding.id} ({finding.severity.word})"
    return one_line(f"{has}: {places.advice(finding)}")


def _level(finding: Finding) -> str:
    return _LEVELS.get(finding.severity, "note")


def _notifications(report: Report, left_out: int) -> Sequence[dict[str, Any]]:
    texts: Iterable[str] = (f"{item.path}: {item.reason}" for item in (*report.inventory.skipped, *report.unmatched))
    if left_out:
        texts = (f"{left_out} less severe results were left out: a run holds at most {RESULT_LIMIT}", *texts)
    return [{"level": "warning", "message": {"text": one_line(text)}} for text in texts]
