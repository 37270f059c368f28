"""Findings as CycloneDX vulnerabilities: one entry for all packages that a vulnerability affects alike."""

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.model.inventory import Package
from pratique.report.cyclonedx_model import (
    Affects,
    Analysis,
    Origin,
    OtherId,
    Property,
    Rating,
    Versions,
    Vulnerability,
)
from pratique.report.report import worst_first

_SEVERITY = {Severity.NEGLIGIBLE: "info"}  # CycloneDX's other words are ours
_STATE = {
    State.NOT_AFFECTED: "not_affected",
    State.FIXED: "resolved",
    State.UNDER_INVESTIGATION: "in_triage",
}
_METHODS = {"CVSS:4.": "CVSSv4", "CVSS:3.1": "CVSSv31", "CVSS:3.0": "CVSSv3", "AV:": "CVSSv2"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_UNKNOWN = "unknown"


def vulnerabilities(findings: Iterable[Finding], refs: Mapping[Package, str]) -> tuple[Vulnerability, ...]:
    """Findings in order of severity; a finding whose package isn't in `refs` points at its purl."""
    alike: dict[Vulnerability, dict[Affects, None]] = {}
    for finding in worst_first(findings):
        ref = refs.get(finding.package) or finding.package.purl or "package"
        alike.setdefault(_vulnerability(finding), {})[_affects(finding, ref)] = None
    return tuple(_joined(one, tuple(affects), number) for number, (one, affects) in enumerate(alike.items(), 1))


def _joined(one: Vulnerability, affects: tuple[Affects, ...], number: int) -> Vulnerability:
    return replace(one, bom_ref=f"vulnerability-{number}", affects=affects)


def _vulnerability(finding: Finding) -> Vulnerability:
    feed = finding.evidence[0].source if finding.evidence else ""
    state = _STATE.get(finding.state)
    return Vulnerability(
        id=finding.id,
        source=Origin(feed, finding.url) if feed or finding.url else None,
        references=tuple(OtherId(alias, Origin(name=_issuer(alias))) for alias in finding.aliases),
        ratings=(_rating(finding),),
        description=finding.summary,
        recommendation=f"Update to {' or '.join(finding.fix_versions)}" if finding.fix_versions else "",
        published=_time(finding.published),
        updated=_time(finding.modified),
        analysis=Analysis(state) if state else None,
        properties=() if finding.in_base is None else (Property("pratique:in_base", str(finding.in_base).lower()),),
    )


def _rating(finding: Finding) -> Rating:
    method = next((name for start, name in _METHODS.items() if finding.vector.startswith(start)), "")
    severity = _SEVERITY.get(finding.severity, finding.severity.word)
    return Rating(severity, finding.score, method or ("other" if finding.vector else ""), finding.vector)


def _affects(finding: Finding, ref: str) -> Affects:
    status = "unaffected" if finding.state in {State.NOT_AFFECTED, State.FIXED} else "affected"
    if finding.state is State.UNDER_INVESTIGATION:
        status = _UNKNOWN
    known = 0 < len(finding.package.version) <= 1024
    return Affects(ref, (Versions(finding.package.version, status),) if known else ())


def _issuer(alias: str) -> str:
    prefix = alias.partition("-")[0]
    return {"CVE": "NVD", "GHSA": "GitHub"}.get(prefix, prefix or _UNKNOWN)


def _time(text: str) -> str:
    return text if _TIME.fullmatch(text) else ""
