"""Aqua: what `scannercli scan --jsonfile` writes. Written from the documented structure; no real server was at hand."""

import msgspec

from pratique.model.advisory import Severity
from pratique.model.inventory import Distro, Package, PackageType, Skipped
from pratique.report.decoding import decode
from pratique.report.importers.imported import (
    Gathering,
    Imported,
    Said,
    digest,
    first,
    number,
    package,
    package_type,
    severity,
    split_fixes,
)

TOOL = "aqua"
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))  # CVSS v3.1, section 5


class _Resource(msgspec.Struct):
    format: str | None = None
    name: str | None = None
    version: str | None = None
    cpe: str | None = None
    path: str | None = None
    layer_digest: str | None = None


class _Vulnerability(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    publish_date: str | None = None
    modification_date: str | None = None
    fix_version: str | None = None
    solution: str | None = None
    nvd_score: float | None = None
    nvd_vectors: str | None = None
    nvd_severity: str | None = None
    nvd_url: str | None = None
    vendor_severity: str | None = None
    vendor_url: str | None = None
    nvd_score_v3: float | None = None
    nvd_vectors_v3: str | None = None
    nvd_severity_v3: str | None = None
    vendor_severity_v3: str | None = None
    aqua_score: float | None = None
    aqua_severity: str | None = None
    score: float | None = None
    severity: str | None = None
    file: str | None = None
    url: str | None = None


class _Entry(msgspec.Struct):
    resource: _Resource = msgspec.field(default_factory=_Resource)
    vulnerabilities: tuple[_Vulnerability, ...] | None = None


class _Report(msgspec.Struct):
    image: str | None = None
    registry: str | None = None
    digest: str | None = None
    os: str | None = None
    version: str | None = None
    resources: tuple[_Entry, ...] | None = None
    cves: tuple[_Vulnerability, ...] | None = None


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`. Raises InvalidData."""
    report = decode(data, _Report, name)
    distro = Distro(report.os.lower(), report.version or "") if report.os else None
    gathering = Gathering(TOOL)
    for entry in report.resources or ():
        found = _package(entry.resource, distro)
        gathering.package(found)
        for one in entry.vulnerabilities or ():
            gathering.add(found, _said(one))
    for one in report.cves or ():  # the server's API names a file, not a package
        gathering.add(package(one.file, "", PackageType.GENERIC, path=one.file), _said(one))
    target = f"{report.registry}/{report.image}" if report.registry and report.image else report.image
    return gathering.imported(target=target, image=digest(report.digest), distro=distro)


def _package(resource: _Resource, distro: Distro | None) -> Package | Skipped:
    kind = package_type(resource.format)
    if kind is PackageType.GENERIC and (resource.cpe or "").startswith("pkg:/"):  # `pkg:/python:name:version`
        kind = package_type((resource.cpe or "").removeprefix("pkg:/").split(":")[0])
    layer = resource.layer_digest
    return package(resource.name, resource.version, kind, distro=distro, path=resource.path, layer=layer)


def _said(one: _Vulnerability) -> Said:
    return Said(
        id=one.name or "",
        severity=_severity(one),
        fixes=split_fixes(one.fix_version),
        ecosystem="aqua",
        score=next(filter(None, map(number, (one.aqua_score, one.nvd_score_v3, one.nvd_score, one.score))), None),
        vector=first((one.nvd_vectors_v3, one.nvd_vectors)),
        summary=one.description or one.solution or "",
        published=one.publish_date or "",
        modified=one.modification_date or "",
        url=first((one.vendor_url, one.nvd_url, one.url)),
    )


def _severity(one: _Vulnerability) -> str:
    """Aqua's own word, else its score, else the vendor's and NVD's, newest CVSS first."""
    if severity(one.aqua_severity) is not Severity.UNKNOWN:
        return one.aqua_severity or ""
    score = number(one.aqua_score) or number(one.score)
    by_score = next((word for least, word in _BANDS if score and score >= least), "")
    words = (by_score, one.vendor_severity_v3, one.nvd_severity_v3, one.vendor_severity, one.nvd_severity, one.severity)
    return first(words)
