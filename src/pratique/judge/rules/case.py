"""What a rule looks at, and the words in which all rules speak of a finding."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, PackageType, Skipped
from pratique.model.verdict import Outcome, Reason


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of an image besides its content. None means that nobody looked or could tell, which is not "no".

    `reference` is how it was asked for; `created` and the other times are RFC 3339; `user` is the config's (empty:
    none set); `base` names its base image, and `base_behind` since when that name has had a newer digest (empty: it
    has none). `signed_by` are key ids of signatures that verify, `attested` the predicate types of statements that do.
    `scanners` are those whose findings are here.
    """

    reference: str = ""
    created: str = ""
    user: str | None = None
    base: str | None = None
    base_behind: str | None = None
    labels: Mapping[str, str] = {}
    signed_by: tuple[str, ...] | None = None
    attested: tuple[str, ...] | None = None
    scanned_at: str = ""
    advisories_at: str = ""
    scanners: tuple[str, ...] = ("pratique",)


class Case(msgspec.Struct, frozen=True):
    """One image to judge. `findings` are sorted, without those ignored or known not to affect it; `now` is in UTC."""

    inventory: Inventory
    findings: tuple[Finding, ...]
    unmatched: tuple[Skipped, ...]
    now: datetime
    facts: Facts = Facts()


def since(text: str, now: datetime) -> timedelta | None:
    """How long ago an RFC 3339 time was (UTC where it has no zone); None for what isn't a time."""
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return now - (then if then.tzinfo else then.replace(tzinfo=UTC))


def days(time: timedelta) -> str:
    """`1 day`, `30 days`, and hours below a day."""
    number, unit = (time.days, "day") if time.days else (time.seconds // 3600, "hour")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


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
