"""Microsoft Defender for Containers: sub-assessments out of Azure Resource Graph (`az graph query`, `data[]`).

Written from the documented structure (MicrosoftDocs subassessment-rest-api.md): the current MDVM form and the older
Qualys form. No real subscription was at hand.
"""

from typing import Any

import msgspec

from pratique.model.finding import State
from pratique.model.inventory import Distro, PackageType, Skipped
from pratique.report.decoding import decode
from pratique.report.importers.imported import Gathering, Imported, Said, digest, number, package, package_type, refuse

TOOL = "defender"


class _Link(msgspec.Struct):
    title: str | None = None
    link: str | None = None


class _Details(msgspec.Struct, rename="camel"):
    cve_id: str | None = None
    severity: str | None = None
    published_date: str | None = None
    last_modified_date: str | None = None
    cvss: dict[str, dict[str, Any]] | None = None
    references: tuple[_Link, ...] | None = None


class _Artifact(msgspec.Struct, rename="camel"):
    registry_host: str | None = None
    repository_name: str | None = None
    digest: str | None = None
    tags: tuple[str, ...] | None = None


class _Os(msgspec.Struct, rename="camel"):
    os_name: str | None = None
    os_version: str | None = None


class _Software(msgspec.Struct, rename="camel"):
    package_name: str | None = None
    version: str | None = None
    fixed_version: str | None = None
    category: str | None = None
    language: str | None = None
    os_details: _Os | None = None
    evidence: tuple[Any, ...] | None = None


class _Data(msgspec.Struct, rename="camel"):
    assessed_resource_type: str | None = None
    vulnerability_details: _Details | None = None
    artifact_details: _Artifact | None = None
    software_details: _Software | None = None
    cvss_v30_score: float | str | None = msgspec.field(default=None, name="cvssV30Score")
    image_digest: str | None = None
    repository_name: str | None = None
    cve: tuple[_Link, ...] | None = None
    published_time: str | None = None
    patchable: bool | None = None


class _Status(msgspec.Struct):
    code: str | None = None
    severity: str | None = None


class _Properties(msgspec.Struct, rename="camel"):
    id: str | None = None
    display_name: str | None = None
    description: str | None = None
    remediation: str | None = None
    time_generated: str | None = None
    status: _Status | None = None
    additional_data: _Data | None = None


class _Row(msgspec.Struct):
    properties: _Properties


class _Answer(msgspec.Struct):
    data: tuple[_Row, ...]


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`: the rows of one image. Raises InvalidData, also for rows of several images."""
    rows = decode(data, tuple[_Row, ...], name) if data.lstrip()[:1] == b"[" else decode(data, _Answer, name).data
    gathering = Gathering(TOOL)
    images: dict[str, None] = {}
    target, created, distro = "", "", None
    for row in rows:
        facts = row.properties.additional_data or _Data()
        artifact = facts.artifact_details or _Artifact(digest=facts.image_digest, repository_name=facts.repository_name)
        if artifact.digest:
            images[artifact.digest] = None
        target = target or _target(artifact)
        created = max(created, row.properties.time_generated or "")
        distro = distro or _distro(facts)
        _row(row.properties, facts, gathering)
    if len(images) > 1:
        raise refuse(name, f"it has rows of {len(images)} images: ask for one by its digest")
    return gathering.imported(target=target, created=created, image=digest(*images), distro=distro)


def _row(row: _Properties, facts: _Data, gathering: Gathering) -> None:
    if row.status and row.status.code == "NotApplicable":
        gathering.skip(Skipped((row.display_name or row.id or "a finding")[:200], "Defender says it is not applicable"))
        return
    software = facts.software_details or _Software()
    details = facts.vulnerability_details or _Details()
    distro = _distro(facts)
    system = (software.category or "").upper() == "OS"
    kind = package_type(distro.id if distro else "") if system else package_type(software.language)
    path = next((one for one in software.evidence or () if isinstance(one, str)), "")
    name = software.package_name or (row.display_name if facts.cve else None)  # Qualys names no package
    score, vector = _cvss(facts, details)
    cves = [link.title for link in facts.cve or () if link.title]
    gathering.add(
        package(
            name, software.version, kind if software.package_name else PackageType.GENERIC, distro=distro, path=path
        ),
        Said(
            id=details.cve_id or (cves[0] if cves else "") or row.id or "",
            severity=details.severity or (row.status.severity if row.status else "") or "",
            aliases=tuple(cves[1:]),
            fixes=(software.fixed_version,) if software.fixed_version else (),
            ecosystem="mdvm" if facts.software_details else "qualys",
            state=State.NOT_AFFECTED if row.status and row.status.code == "Healthy" else State.AFFECTED,
            score=score,
            vector=vector,
            summary=row.description or row.display_name or "",
            published=details.published_date or facts.published_time or "",
            modified=details.last_modified_date or "",
            url=next((link.link for link in details.references or () if link.link), ""),
        ),
    )


def _cvss(facts: _Data, details: _Details) -> tuple[float | None, str]:
    for version in ("4.0", "3.1", "3.0", "2.0"):
        if one := (details.cvss or {}).get(version):
            return number(one.get("base")), str(one.get("cvssVectorString") or "")
    return number(facts.cvss_v30_score), ""


def _distro(facts: _Data) -> Distro | None:
    known = facts.software_details.os_details if facts.software_details else None
    return Distro(known.os_name.lower(), known.os_version or "") if known and known.os_name else None


def _target(artifact: _Artifact) -> str:
    name = "/".join(filter(None, (artifact.registry_host, artifact.repository_name)))
    tag = next(iter(artifact.tags or ()), "")
    return f"{name}:{tag}" if name and tag else name
