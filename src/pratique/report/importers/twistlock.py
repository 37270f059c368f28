"""Prisma Cloud (Twistlock): what `twistcli images scan --output-file` writes, and the console's and plug-in's lists.

Written from the documented structure (pan.dev compute API, DefectDojo's samples); no real console was at hand.
"""

import re
from collections.abc import Iterable

import msgspec

from pratique.model.inventory import Distro, PackageType, Source
from pratique.report.decoding import decode
from pratique.report.importers.imported import Gathering, Imported, Said, digest, first, number, package, package_type

TOOL = "twistlock"
_USED_IN = re.compile(r"(.+?) \(used in (.+)\)")
_FIXED = re.compile(r"fixed in (.+)", re.IGNORECASE)


class _Vulnerability(msgspec.Struct, rename="camel"):
    id: str | None = None
    cve: str | None = None
    status: str | None = None
    cvss: float | str | None = None
    vector: str | None = None
    vec_str: str | None = None
    description: str | None = None
    severity: str | None = None
    package_name: str | None = None
    package_version: str | None = None
    link: str | None = None
    published_date: object = None
    published: object = None


class _Package(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    version: str | None = None
    path: str | None = None


class _Result(msgspec.Struct, rename="camel"):
    id: str | None = None
    name: str | None = None
    distro: str | None = None
    distro_release: str | None = None
    digest: str | None = None
    scan_time: str | None = None
    vulnerabilities: tuple[_Vulnerability, ...] | None = None
    packages: tuple[_Package, ...] | None = None


class _Entry(msgspec.Struct, rename="camel"):
    entity_info: _Result
    results: tuple[_Result, ...] | None = None


class _Report(msgspec.Struct, rename="camel"):
    results: tuple[_Result, ...]


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`; several images in it are taken together. Raises InvalidData."""
    if data.lstrip()[:1] == b"[":
        entries = decode(data, tuple[_Entry, ...], name)
        results = [result for entry in entries for result in (entry.entity_info, *(entry.results or ()))]
    else:
        results = [*decode(data, _Report, name).results]
    gathering = Gathering(TOOL)
    for result in results:
        _result(result, gathering)
    return gathering.imported(
        target=first(result.name for result in results),
        created=first(result.scan_time for result in results),
        image=digest(*(result.digest for result in results)),
        distro=next((distro for result in results if (distro := _distro(result))), None),
    )


def _result(result: _Result, gathering: Gathering) -> None:
    distro = _distro(result)
    known: dict[tuple[str, str], _Package] = {}
    for one in result.packages or ():
        known.setdefault((one.name or "", one.version or ""), one)
        gathering.package(package(one.name, one.version, _type(one.type, distro), distro=distro, path=one.path))
    for found in result.vulnerabilities or ():
        said = _said(found)
        for name, source in _names(found.package_name or "", found.package_version or ""):
            listed = known.get((name, found.package_version or "")) or _Package()
            kind = _type(listed.type or "package", distro)
            made = package(name, found.package_version, kind, distro=distro, source=source, path=listed.path)
            gathering.add(made, said)


def _names(name: str, version: str) -> Iterable[tuple[str, Source | None]]:
    """`glibc (used in libc6, libc-bin)` is two binary packages of one source."""
    used = _USED_IN.fullmatch(name)
    if not used:
        return [(name, None)]
    return [(one.strip(), Source(used[1], version)) for one in used[2].split(",") if one.strip()]


def _type(word: str | None, distro: Distro | None) -> PackageType:
    """`package` (and `os`) means the distribution's."""
    if word in {"package", "os", None, ""}:
        return package_type(distro.id) if distro else PackageType.GENERIC
    return package_type(word)


def _distro(result: _Result) -> Distro | None:
    words = (result.distro or "").lower().split()
    if not words:
        return None
    name = "rhel" if words[:2] == ["red", "hat"] else words[0]
    version = next((word for word in words if word[:1].isdigit()), "")
    return Distro(name, version, codename=result.distro_release or "", name=result.distro or "")


def _said(found: _Vulnerability) -> Said:
    fixed = _FIXED.match(found.status or "")
    published = found.published_date if isinstance(found.published_date, str) else found.published
    return Said(
        id=found.id or found.cve or "",
        aliases=(found.cve,) if found.cve else (),
        severity=found.severity or "",
        fixes=tuple(part.strip() for part in fixed[1].split(",")) if fixed else (),
        ecosystem="prisma-cloud",
        score=number(found.cvss),
        vector=found.vector or found.vec_str or "",
        summary=found.description or "",
        published=published if isinstance(published, str) else "",
        url=found.link or "",
    )
