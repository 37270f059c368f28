"""Trivy's JSON (aquasecurity/trivy pkg/types/report.go, schema version 2; before 0.20 the bare list of results)."""

from typing import Any

import msgspec

from pratique.model.finding import State
from pratique.model.inventory import Distro, Package, Skipped, Source
from pratique.report.decoding import decode
from pratique.report.importers.imported import (
    Gathering,
    Imported,
    Said,
    digest,
    number,
    package,
    package_type,
    split_fixes,
)

TOOL = "trivy"
_STATES = {"not_affected": State.NOT_AFFECTED, "under_investigation": State.UNDER_INVESTIGATION}
_CVSS_SOURCES = ("nvd", "ghsa", "redhat")


class _Identifier(msgspec.Struct, rename={"purl": "PURL"}):
    purl: str | None = None


class _Layer(msgspec.Struct, rename={"digest": "Digest", "diff_id": "DiffID"}):
    digest: str | None = None
    diff_id: str | None = None


class _Cvss(msgspec.Struct, rename="pascal"):
    v2_vector: str | None = msgspec.field(default=None, name="V2Vector")
    v3_vector: str | None = msgspec.field(default=None, name="V3Vector")
    v40_vector: str | None = msgspec.field(default=None, name="V40Vector")
    v2_score: float | None = msgspec.field(default=None, name="V2Score")
    v3_score: float | None = msgspec.field(default=None, name="V3Score")
    v40_score: float | None = msgspec.field(default=None, name="V40Score")


class _Source(msgspec.Struct, rename={"id": "ID"}):
    id: str | None = None


class _Vulnerability(msgspec.Struct, rename="pascal"):
    vulnerability_id: str = msgspec.field(default="", name="VulnerabilityID")
    vendor_ids: tuple[str, ...] | None = msgspec.field(default=None, name="VendorIDs")
    pkg_name: str | None = None
    pkg_path: str | None = None
    pkg_identifier: _Identifier | None = None
    installed_version: str | None = None
    fixed_version: str | None = None
    status: str | None = None
    layer: _Layer | None = None
    data_source: _Source | None = None
    primary_url: str | None = msgspec.field(default=None, name="PrimaryURL")
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    cvss: dict[str, _Cvss] | None = msgspec.field(default=None, name="CVSS")
    published_date: str | None = None
    last_modified_date: str | None = None


class _Package(msgspec.Struct, rename="pascal"):
    name: str | None = None
    identifier: _Identifier | None = None
    version: str | None = None
    release: str | None = None
    epoch: int | None = None
    src_name: str | None = None
    src_version: str | None = None
    src_release: str | None = None
    src_epoch: int | None = None
    layer: _Layer | None = None
    file_path: str | None = None


class _Result(msgspec.Struct, rename="pascal"):
    target: str | None = None
    type: str | None = None
    packages: tuple[_Package, ...] | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None
    experimental_modified_findings: tuple["_Modified", ...] | None = None


class _Modified(msgspec.Struct, rename="pascal"):
    type: str | None = None
    status: str | None = None
    finding: Any = None


class _Os(msgspec.Struct, rename="pascal"):
    family: str | None = None
    name: str | None = None


class _Metadata(msgspec.Struct, rename="pascal"):
    os: _Os | None = msgspec.field(default=None, name="OS")
    repo_digests: tuple[str, ...] | None = None


class _Tool(msgspec.Struct, rename="pascal"):
    version: str | None = None


class _Report(msgspec.Struct, rename="pascal"):
    schema_version: int = 0
    trivy: _Tool | None = None
    created_at: str | None = None
    artifact_name: str | None = None
    metadata: _Metadata | None = None
    results: tuple[_Result, ...] | None = None


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`. Raises InvalidData."""
    if data.lstrip()[:1] == b"[":
        report = _Report(results=decode(data, tuple[_Result, ...], name))
    else:
        report = decode(data, _Report, name)
    metadata = report.metadata or _Metadata()
    distro = Distro(metadata.os.family, metadata.os.name or "") if metadata.os and metadata.os.family else None
    gathering = Gathering(TOOL)
    for result in report.results or ():
        _result(result, distro, gathering)
    return gathering.imported(
        version=report.trivy.version if report.trivy else "",
        target=report.artifact_name,
        created=report.created_at,
        image=digest(*(metadata.repo_digests or ())),
        distro=distro,
    )


def _result(result: _Result, distro: Distro | None, gathering: Gathering) -> None:
    sources: dict[tuple[str | None, str], Source] = {}
    for one in result.packages or ():
        version = _version(one.epoch, one.version, one.release)
        source = None
        if one.src_name and one.src_version:
            source = Source(one.src_name, _version(one.src_epoch, one.src_version, one.src_release))
            sources[one.name, version] = source
        gathering.package(_package(result, one.name, version, one.identifier, source, one.file_path, one.layer, distro))
    for found in result.vulnerabilities or ():
        version = found.installed_version or ""
        source = sources.get((found.pkg_name, version))
        path, layer = found.pkg_path, found.layer
        gathering.add(
            _package(result, found.pkg_name, version, found.pkg_identifier, source, path, layer, distro),
            _said(found, result),
        )
    for modified in result.experimental_modified_findings or ():
        names = modified.finding if isinstance(modified.finding, dict) else {}
        label = f"{names.get('VulnerabilityID', 'a finding')} in {names.get('PkgName', 'a package')}"
        gathering.skip(Skipped(label[:200], f"Trivy was told that it is {(modified.status or 'ignored')[:40]}"))


def _package(
    result: _Result,
    name: str | None,
    version: str,
    identifier: _Identifier | None,
    source: Source | None,
    path: str | None,
    layer: _Layer | None,
    distro: Distro | None,
) -> Package | Skipped:
    return package(
        name,
        version,
        package_type(result.type),
        purl=identifier.purl if identifier else "",
        distro=distro,
        source=source,
        path=path,
        layer=layer.diff_id if layer else "",
    )


def _said(found: _Vulnerability, result: _Result) -> Said:
    score, vector = _cvss(found)
    return Said(
        id=found.vulnerability_id,
        severity=found.severity or "",
        aliases=found.vendor_ids or (),
        fixes=split_fixes(found.fixed_version),
        ecosystem=(found.data_source.id if found.data_source else "") or result.type or "",
        state=_STATES.get(found.status or "", State.AFFECTED),
        score=score,
        vector=vector,
        summary=found.title or found.description or "",
        published=found.published_date or "",
        modified=found.last_modified_date or "",
        url=found.primary_url or "",
    )


def _cvss(found: _Vulnerability) -> tuple[float | None, str]:
    known = found.cvss or {}
    for source in (*_CVSS_SOURCES, *known):
        if one := known.get(source):
            for score, vector in (
                (one.v3_score, one.v3_vector),
                (one.v40_score, one.v40_vector),
                (one.v2_score, one.v2_vector),
            ):
                if number(score):
                    return score, vector or ""
    return None, ""


def _version(epoch: int | None, version: str | None, release: str | None) -> str:
    text = f"{version or ''}-{release}" if release else version or ""
    return f"{epoch}:{text}" if epoch else text
