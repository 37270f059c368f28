"""Jenkins Warnings-NG's own JSON (`issues(pattern: '**/issues.json')`; jenkinsci/analysis-model, JsonParser).

`fingerprint` leaves versions out, so that the plugin's "new" and "fixed" mean what they say. `description` is HTML:
everything from outside is escaped in it.
"""

from html import escape
from typing import Any

import msgspec

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.report import places
from pratique.report.report import Report, worst_first
from pratique.report.text import one_line

_CLASS = "io.jenkins.plugins.analysis.core.restapi.ReportApi"
_SEVERITIES = {Severity.CRITICAL: "ERROR", Severity.HIGH: "HIGH", Severity.MEDIUM: "NORMAL", Severity.UNKNOWN: "NORMAL"}
_GONE = frozenset({State.FIXED, State.NOT_AFFECTED})


def render(report: Report) -> bytes:
    """The report as indented JSON; findings that don't affect the image are left out."""
    issues = [_issue(finding, report.target) for finding in worst_first(report.findings) if finding.state not in _GONE]
    document = {"_class": _CLASS, "issues": issues, "size": len(issues)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _issue(finding: Finding, target: str) -> dict[str, Any]:
    package = finding.package
    has = f"{package.name} {package.version} has {finding.id} ({finding.severity.word})"
    return {
        "fileName": places.uri(target, places.path(finding) or package.name),
        "lineStart": 1,
        "lineEnd": 1,
        "severity": _SEVERITIES.get(finding.severity, "LOW"),
        "message": one_line(f"{has}: {places.advice(finding)}"),
        "description": _description(finding),
        "category": package.type.value,
        "type": one_line(finding.id, 255),
        "packageName": one_line(package.name, 255),
        "moduleName": places.short_name(target),
        "fingerprint": places.fingerprint(finding),
        "additionalProperties": one_line(package.purl),
    }


def _description(finding: Finding) -> str:
    parts = [f"<p>{escape(one_line(finding.summary))}</p>" if finding.summary else ""]
    if finding.score is not None:
        parts.append(f"<p>CVSS {finding.score:.1f} {escape(one_line(finding.vector, 200))}</p>")
    if finding.aliases:
        parts.append(f"<p>Also known as {escape(one_line(', '.join(finding.aliases)))}</p>")
    if finding.url.startswith(("https://", "http://")):
        parts.append(f'<p><a href="{escape(one_line(finding.url))}">{escape(one_line(finding.url))}</a></p>')
    return "".join(parts)
