"""Grype's JSON (anchore/grype, grype/presenter/models)."""

import msgspec

from pratique.model.inventory import Distro, Skipped, Source
from pratique.report.decoding import decode
from pratique.report.importers.imported import Gathering, Imported, Said, digest, first, number, package, package_type

TOOL = "grype"


class _Metrics(msgspec.Struct, rename="camel"):
    base_score: float | None = None


class _Cvss(msgspec.Struct):
    version: str | None = None
    vector: str | None = None
    metrics: _Metrics | None = None


class _Fix(msgspec.Struct):
    versions: tuple[str, ...] | None = None
    state: str | None = None


class _Vulnerability(msgspec.Struct, rename="camel"):
    id: str = ""
    data_source: str | None = None
    namespace: str | None = None
    severity: str | None = None
    description: str | None = None
    cvss: tuple[_Cvss, ...] | None = None
    fix: _Fix | None = None


class _Location(msgspec.Struct):
    path: str | None = None
    layer_id: str | None = msgspec.field(default=None, name="layerID")


class _Upstream(msgspec.Struct):
    name: str = ""
    version: str | None = None


class _Artifact(msgspec.Struct):
    name: str | None = None
    version: str | None = None
    type: str | None = None
    purl: str | None = None
    locations: tuple[_Location, ...] | None = None
    upstreams: tuple[_Upstream, ...] | None = None


class _Match(msgspec.Struct, rename="camel"):
    vulnerability: _Vulnerability
    artifact: _Artifact
    related_vulnerabilities: tuple[_Vulnerability, ...] | None = None


class _Ignored(
    _Match, rename={"applied_ignore_rules": "appliedIgnoreRules", "related_vulnerabilities": "relatedVulnerabilities"}
):
    applied_ignore_rules: tuple[dict[str, object], ...] | None = None


class _Distro(msgspec.Struct, rename="camel"):
    name: str | None = None
    version: str | None = None
    id_like: tuple[str, ...] | None = None


class _Descriptor(msgspec.Struct):
    name: str = ""
    version: str | None = None
    timestamp: str | None = None


class _Source(msgspec.Struct):
    type: str | None = None
    target: object = None


class _Report(msgspec.Struct, rename="camel"):
    matches: tuple[_Match, ...] | None
    descriptor: _Descriptor
    ignored_matches: tuple[_Ignored, ...] | None = None
    source: _Source | None = None
    distro: _Distro | None = None


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`. Raises InvalidData."""
    report = decode(data, _Report, name)
    known = report.distro
    distro = Distro(known.name, known.version or "", id_like=known.id_like or ()) if known and known.name else None
    gathering = Gathering(TOOL)
    for match in report.matches or ():
        _match(match, distro, gathering)
    for ignored in report.ignored_matches or ():
        label = f"{ignored.vulnerability.id} in {ignored.artifact.name or 'a package'}"
        gathering.skip(Skipped(label[:200], "Grype was told to ignore it"))
    target = report.source.target if report.source else None
    fields = target if isinstance(target, dict) else {}
    digests = fields.get("repoDigests")
    listed = [text for text in digests if isinstance(text, str)] if isinstance(digests, list) else []
    manifest = fields.get("manifestDigest")
    return gathering.imported(
        version=report.descriptor.version,
        target=str(fields.get("userInput") or (target if isinstance(target, str) else "")),
        created=report.descriptor.timestamp,
        image=digest(*listed, manifest if isinstance(manifest, str) else ""),
        distro=distro,
    )


def _match(match: _Match, distro: Distro | None, gathering: Gathering) -> None:
    artifact, found = match.artifact, match.vulnerability
    place = (artifact.locations or (_Location(),))[0]
    upstream = next((one for one in artifact.upstreams or () if one.name), None)
    related = match.related_vulnerabilities or ()
    score, vector = _cvss([found, *related])
    gathering.add(
        package(
            artifact.name,
            artifact.version,
            package_type(artifact.type),
            purl=artifact.purl,
            distro=distro,
            source=Source(upstream.name, upstream.version or artifact.version or "") if upstream else None,
            path=place.path,
            layer=place.layer_id,
        ),
        Said(
            id=found.id,
            severity=found.severity or "",
            aliases=tuple(one.id for one in related),
            fixes=(found.fix.versions or ()) if found.fix else (),
            ecosystem=found.namespace or "",
            score=score,
            vector=vector,
            summary=first([found.description, *(one.description for one in related)]),
            url=found.data_source or "",
        ),
    )


def _cvss(records: list[_Vulnerability]) -> tuple[float | None, str]:
    """The newest CVSS of the record, or of a related one."""
    for record in records:
        for one in sorted(record.cvss or (), key=lambda cvss: cvss.version or "", reverse=True):
            score = number(one.metrics.base_score) if one.metrics else None
            if score:
                return score, one.vector or ""
    return None, ""
