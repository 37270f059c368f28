"""What a rule looks at, and the words in which all rules speak of a finding."""

from datetime import datetime

import msgspec

from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, PackageType, Skipped
from pratique.model.verdict import Outcome, Reason


class Case(msgspec.Struct, frozen=True):
    """One image to judge. `findings` are sorted, without those ignored or known not to affect it; `now` is in UTC."""

    inventory: Inventory
    findings: tuple[Finding, ...]
    unmatched: tuple[Skipped, ...]
    now: datetime


def reason(rule: str, action: Outcome, finding: Finding, because: str = "") -> Reason:
    """A reason about a finding: which package has what, how bad, and what mends it."""
    return Reason(rule, action, sentence(finding, because), remedy(finding), f"{finding.id} {finding.package.purl}")


def sentence(finding: Finding, because: str = "") -> str:
    """`openssl 3.0.11-1 has CVE-2024-1 (high), fixed in 3.0.13-1`."""
    package = finding.package
    severity = finding.severity.word if finding.severity else "severity unknown"
    fix = f"fixed in {finding.fix_versions[0]}" if finding.fix_versions else "no fix known"
    extra = f", {because}" if because else ""
    return f"{package.name} {package.version}{_where(finding)} has {finding.id} ({severity}){extra}, {fix}"


def remedy(finding: Finding) -> str:
    """What to do about a finding."""
    package = finding.package
    if not finding.fix_versions:
        return f"remove {package.name} if it isn't needed, or ignore {finding.id} with a reason and an expiry date"
    source = package.source.name if package.source else package.name
    of_source = f" (source package {source})" if source != package.name else ""
    target = f"{package.name}{of_source} {finding.fix_versions[0]}"
    if finding.in_base:
        return f"rebuild on a base image that has {target} or later"
    return f"update to {target} or later and rebuild"


def _where(finding: Finding) -> str:
    """Where a language package lies: an application may bring several copies of one name."""
    package = finding.package
    if package.type in {PackageType.DEB, PackageType.APK} or not package.locations:
        return ""
    return f" ({package.locations[0].path})"
