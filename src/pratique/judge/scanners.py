"""Several scanners' findings on one image, joined: each once, with who found it."""

import re
from collections.abc import Iterable

import msgspec

from pratique.judge.order import ordered
from pratique.model.finding import Finding
from pratique.model.inventory import Package, PackageType

OURS = "pratique"
_SCANNER = "scanner:"  # as report/importers writes it into Evidence.source
_SYSTEM = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM, PackageType.ALPM})


def scanners_of(finding: Finding) -> tuple[str, ...]:
    """Who found it, sorted: `pratique` for our own matching, the others by name."""
    return tuple(sorted({_scanner(one.source) for one in finding.evidence} or {OURS}))


def merge(own: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of both, each once: what others found too is added to ours as evidence, the rest stands for itself.

    Two findings are one when they share a name of the vulnerability, and the package: by its own or its source's name
    for a distribution's, by name and version for a language's. What we say of severity and fix stays; what others say
    is in the evidence, so that a disagreement can be seen.
    """
    found = list(own)
    places: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(found):
        _note(places, number, one)
    for other in others:
        same = [number for number in _candidates(places, other) if _same_package(found[number].package, other.package)]
        for number in same:
            found[number] = _joined(found[number], other)
        if not same:
            found.append(other)
            _note(places, len(found) - 1, other)
    return ordered(found)


def _scanner(source: str) -> str:
    return source.removeprefix(_SCANNER) if source.startswith(_SCANNER) else OURS


def _note(places: dict[tuple[str, str], list[int]], number: int, finding: Finding) -> None:
    for name in (finding.id, *finding.aliases):
        for called in _called(finding.package):
            places.setdefault((name, called), []).append(number)


def _candidates(places: dict[tuple[str, str], list[int]], finding: Finding) -> list[int]:
    names = ((name, called) for name in (finding.id, *finding.aliases) for called in _called(finding.package))
    return sorted({number for key in names for number in places.get(key, ())})


def _called(package: Package) -> set[str]:
    """The names that a package goes by, spelled alike (PEP 503's rule does no harm to others)."""
    names = {package.name, *([package.source.name] if package.source else [])}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def _same_package(ours: Package, theirs: Package) -> bool:
    kinds = {ours.type, theirs.type} - {PackageType.GENERIC}
    if len(kinds) > 1:
        return False
    if not kinds & _SYSTEM:
        return not theirs.version or ours.version == theirs.version
    if ours.name == theirs.name:
        return True
    # Another binary of the same source is another package; a tool that names sources alone means all of them.
    return theirs.source is None and ours.source is not None and ours.source.name == theirs.name


def _joined(ours: Finding, theirs: Finding) -> Finding:
    new = tuple(one for one in theirs.evidence if one not in ours.evidence)
    names = {*ours.aliases, theirs.id, *theirs.aliases} - {ours.id}
    return msgspec.structs.replace(
        ours,
        evidence=(*ours.evidence, *new),
        aliases=tuple(sorted(names)),
        fix_versions=ours.fix_versions or theirs.fix_versions,
        severity=ours.severity or theirs.severity,
        score=theirs.score if ours.score is None else ours.score,
        vector=ours.vector or theirs.vector,
    )
