"""CycloneDX with vulnerabilities, 1.4 to 1.7, as Trivy, Grype and Pratique write it."""

import msgspec

from pratique.model.finding import State
from pratique.model.inventory import Package, Skipped
from pratique.report import cyclonedx_reader
from pratique.report.decoding import decode
from pratique.report.importers.imported import Gathering, Imported, Said, package, package_type, severity

_STATES = {
    "not_affected": State.NOT_AFFECTED,
    "false_positive": State.NOT_AFFECTED,
    "resolved": State.FIXED,
    "resolved_with_pedigree": State.FIXED,
    "in_triage": State.UNDER_INVESTIGATION,
}


class _Rating(msgspec.Struct):
    score: float | None = None
    severity: str | None = None
    vector: str | None = None


class _Source(msgspec.Struct):
    name: str | None = None
    url: str | None = None


class _Reference(msgspec.Struct):
    id: str | None = None


class _Analysis(msgspec.Struct):
    state: str | None = None


class _Affects(msgspec.Struct):
    ref: str = ""


class _Vulnerability(msgspec.Struct):
    id: str = ""
    source: _Source | None = None
    references: tuple[_Reference, ...] | None = None
    ratings: tuple[_Rating, ...] | None = None
    description: str | None = None
    recommendation: str | None = None
    published: str | None = None
    updated: str | None = None
    analysis: _Analysis | None = None
    affects: tuple[_Affects, ...] | None = None


class _Component(msgspec.Struct, rename={"bom_ref": "bom-ref"}):
    bom_ref: str | None = None
    type: str | None = None
    name: str | None = None
    version: str | None = None
    purl: str | None = None
    components: tuple["_Component", ...] | None = None


class _Tools(msgspec.Struct):
    components: tuple[_Component, ...] | None = None


class _Metadata(msgspec.Struct):
    timestamp: str | None = None
    tools: _Tools | tuple[_Component, ...] | None = None
    component: _Component | None = None


class _Bom(msgspec.Struct):
    metadata: _Metadata | None = None
    components: tuple[_Component, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`. Raises InvalidData."""
    bom = decode(data, _Bom, name)
    inventory = cyclonedx_reader.read(data, name)
    metadata = bom.metadata or _Metadata()
    tools = metadata.tools.components if isinstance(metadata.tools, _Tools) else metadata.tools
    tool = (tools or (_Component(),))[0]
    components = _by_ref(bom.components or ())
    packages = {one.purl: one for one in inventory.packages}
    gathering = Gathering((tool.name or "cyclonedx").lower()[:40])
    for one in inventory.packages:
        gathering.package(one)
    for skipped in inventory.skipped:
        gathering.skip(skipped)
    for found in bom.vulnerabilities or ():
        for affected in found.affects or ():
            gathering.add(_package(affected.ref, components, packages), _said(found))
        if not found.affects:
            gathering.skip(Skipped(found.id[:200] or "a vulnerability", "it affects no component"))
    return gathering.imported(
        version=tool.version,
        target=metadata.component.name if metadata.component else "",
        created=metadata.timestamp,
        image=inventory.image,
        distro=inventory.distro,
    )


def _by_ref(components: tuple[_Component, ...]) -> dict[str, _Component]:
    found: dict[str, _Component] = {}
    waiting = [*components]
    while waiting:
        one = waiting.pop()
        if one.bom_ref:
            found.setdefault(one.bom_ref, one)
        waiting += one.components or ()
    return found


def _package(ref: str, components: dict[str, _Component], packages: dict[str, Package]) -> Package | Skipped:
    component = components.get(ref.rpartition("#")[2]) or components.get(ref)
    purl = (component.purl if component else "") or (ref if ref.startswith("pkg:") else "")
    if purl in packages:
        return packages[purl]
    if component is None and not purl:
        return Skipped(ref[:200] or "a vulnerability", "the component that it affects is not in the document")
    name, version = (component.name, component.version) if component else ("", "")
    return package(name, version, package_type(purl.removeprefix("pkg:").partition("/")[0]), purl=purl)


def _said(found: _Vulnerability) -> Said:
    worst = max(
        found.ratings or (), key=lambda rating: (severity(rating.severity), rating.score or 0), default=_Rating()
    )
    advice = (found.recommendation or "").strip()
    fixes = advice.removeprefix("Update to ").split(" or ") if advice.startswith("Update to ") else []
    return Said(
        id=found.id,
        severity=worst.severity or "",
        aliases=tuple(one.id for one in found.references or () if one.id),
        fixes=tuple(fixes),
        ecosystem=(found.source.name if found.source else "") or "",
        state=_STATES.get(found.analysis.state or "" if found.analysis else "", State.AFFECTED),
        score=worst.score,
        vector=worst.vector or "",
        summary=found.description or "",
        published=found.published or "",
        modified=found.updated or "",
        url=(found.source.url if found.source else "") or "",
    )
