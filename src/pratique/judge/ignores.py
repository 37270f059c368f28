"""Ignore entries: a finding that somebody decided to live with, why, and until when."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import msgspec

from pratique.judge.aliases import is_cve
from pratique.judge.fields import Fields
from pratique.judge.tree import Node
from pratique.model.finding import Finding
from pratique.model.verdict import Outcome, Reason

IGNORED = "ignore"
EXPIRED = "ignore-expired"


class Ignore(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry. `expires` is the last day (UTC) on which it holds; `package` (name or source name) may narrow it."""

    vulnerability: str
    reason: str
    owner: str
    expires: date
    package: str = ""


def read(node: Node) -> Ignore:
    """Read one entry of a policy. Raises UsageError."""
    fields = Fields(node, "an ignore entry")
    entry = Ignore(
        vulnerability=fields.text("vulnerability"),
        package=fields.text("package", ""),
        reason=fields.text("reason"),
        owner=fields.text("owner"),
        expires=fields.day("expires"),
    )
    fields.close()
    return entry


def apply(
    entries: Sequence[Ignore], findings: Iterable[Finding], now: datetime
) -> tuple[tuple[Finding, ...], tuple[Reason, ...]]:
    """The findings that no entry silences, and a reason for each finding that one does or no longer does."""
    kept: list[Finding] = []
    reasons: list[Reason] = []
    by_name: dict[str, list[Ignore]] = {}
    for entry in entries:
        by_name.setdefault(entry.vulnerability, []).append(entry)
    for finding in findings:
        fitting = _fitting(by_name, finding)
        holding = [entry for entry in fitting if now.date() <= entry.expires]
        if _covers(holding, finding):
            reasons += (_ignored(entry, finding) for entry in holding)
        else:
            kept.append(finding)
            reasons += (_expired(entry, finding) for entry in fitting if entry not in holding)
    return tuple(kept), tuple(dict.fromkeys(reasons))


def _fitting(by_name: dict[str, list[Ignore]], finding: Finding) -> list[Ignore]:
    package = finding.package
    called = {"", package.name, package.source.name if package.source else package.name}
    named = (entry for name in (finding.id, *finding.aliases) for entry in by_name.get(name, ()))
    return [entry for entry in named if entry.package in called]


def _covers(holding: Sequence[Ignore], finding: Finding) -> bool:
    """Whether entries silence all of a finding: where it joins several CVEs, naming one doesn't hide the others."""
    named = {entry.vulnerability for entry in holding}
    cves = {name for name in (finding.id, *finding.aliases) if is_cve(name)}
    return bool(named - cves) or (bool(named) and cves <= named)


def _ignored(entry: Ignore, finding: Finding) -> Reason:
    return Reason(
        rule=IGNORED,
        outcome=Outcome.ALLOW,
        message=f"{entry.vulnerability} in {finding.package.name} is ignored until {entry.expires} by {entry.owner}: "
        + _line(entry.reason),
        subject=f"{finding.id} {finding.package.purl}",
    )


def _expired(entry: Ignore, finding: Finding) -> Reason:
    return Reason(
        rule=EXPIRED,
        outcome=Outcome.WARN,
        message=f"{entry.owner} ignored {entry.vulnerability} in {finding.package.name} until {entry.expires}, "
        f"which has passed: {_line(entry.reason)}",
        remedy=f"mend it, or have {entry.owner} look again and set a later date",
        subject=f"{finding.id} {finding.package.purl}",
    )


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
