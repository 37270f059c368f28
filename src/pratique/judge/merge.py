"""The records that speak of one vulnerability in one package, made one finding with everything that they know."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pratique import versions
from pratique.judge.aliases import Group, is_bulletin
from pratique.judge.ecosystems import is_distro
from pratique.judge.ranges import is_affected, key
from pratique.model.advisory import Advisory, Affected, Severity
from pratique.model.finding import Evidence, Finding
from pratique.model.inventory import Package

LooksUp = Callable[[str], Advisory | None]


class Hit(NamedTuple):
    """A record that affects a version: which of its entries, and the range in words."""

    advisory: Advisory
    affected: Affected
    range: str


def finding(package: Package, version: str, group: Group, hits: Sequence[Hit], look_up: LooksUp | None) -> Finding:
    """One finding of `group`'s records, of which `hits` affect `version` of the package.

    `look_up` finds a record by id: it is asked for a severity where the matched records give none.
    """
    elsewhere = _elsewhere(group, hits, look_up)
    records = (*group.advisories, *elsewhere)
    scored = max(records, key=lambda record: (record.score or 0.0, bool(record.vector)))
    described = [record for record in (*(hit.advisory for hit in hits), *records) if record.summary]
    return Finding(
        id=group.id,
        package=package,
        severity=_severity(hits, records),
        aliases=group.aliases,
        fix_versions=fix_versions(group, hits, version),
        evidence=_evidence(hits, version),
        score=scored.score,
        vector=scored.vector,
        summary=described[0].summary if described else "",
        published=min((record.published for record in records if record.published), default=""),
        modified=max(record.modified for record in group.advisories),
        vendor_state=next((hit.affected.state for hit in hits if hit.affected.state), ""),
        url=next((hit.advisory.url for hit in hits if hit.advisory.url), ""),
    )


def fix_versions(group: Group, hits: Sequence[Hit], version: str) -> tuple[str, ...]:
    """Versions above `version` that mend it, lowest first: the nearest in its own release line leads.

    A version that one record calls fixed and another of the same vulnerability calls affected is left out, unless
    the records leave nothing else.
    """
    known: dict[bytes, str] = {}
    for affected in dict.fromkeys(hit.affected for hit in hits):
        installed = _key_or_none(affected.ecosystem, version) or b""
        for fixed in (item.fixed for item in affected.ranges if item.fixed not in {"", "0"}):
            place = _key_or_none(affected.ecosystem, fixed)
            if place is not None and place > installed:
                known.setdefault(place, fixed)
    candidates = tuple(known[place] for place in sorted(known))
    entries = [affected for advisory in group.advisories for affected in advisory.affected]
    agreed = tuple(fixed for fixed in candidates if not any(is_affected(affected, fixed) for affected in entries))
    return agreed or candidates


def _severity(hits: Sequence[Hit], records: Sequence[Advisory]) -> Severity:
    vendor = max((hit.affected.severity for hit in hits), default=Severity.UNKNOWN)
    if vendor and any(is_distro(hit.affected.ecosystem) for hit in hits):
        return vendor
    return max(vendor, *(record.severity for record in records))


def _elsewhere(group: Group, hits: Sequence[Hit], look_up: LooksUp | None) -> tuple[Advisory, ...]:
    if look_up is None or _severity(hits, group.advisories):
        return ()
    own = {record.id for record in group.advisories}
    found = (look_up(name) for name in (group.id, *group.aliases) if name not in own)
    return tuple(record for record in found if record and not record.withdrawn and not is_bulletin(record))


def _evidence(hits: Sequence[Hit], version: str) -> tuple[Evidence, ...]:
    one_each = {(hit.advisory.id, hit.advisory.source): hit for hit in reversed(hits)}
    return tuple(
        Evidence(advisory, source, hit.affected.ecosystem, hit.affected.name, version, hit.range)
        for (advisory, source), hit in sorted(one_each.items(), key=lambda item: item[0])
    )


def _key_or_none(ecosystem: str, version: str) -> bytes | None:
    try:
        return key(ecosystem, version)
    except versions.InvalidVersion:
        return None
