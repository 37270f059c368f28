"""The order of findings: worst first, then by name; the same for the same findings, however they came."""

from collections.abc import Iterable

from pratique.model.finding import Finding


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by severity (worst first), vulnerability, package."""
    return tuple(sorted(findings, key=_place))


def _place(finding: Finding) -> tuple[int, str, str, str, str, str, tuple[tuple[str, str], ...]]:
    package = finding.package
    where = tuple((location.path, location.layer or "") for location in package.locations)
    return (-finding.severity, finding.id, package.type.value, package.name, package.version, package.purl, where)
