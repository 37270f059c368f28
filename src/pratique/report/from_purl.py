"""A package out of another tool's SBOM: what its purl says, in our words (purl-spec, types/)."""

import contextlib
import re
from collections.abc import Iterable

import msgspec

from pratique.model.errors import InvalidData
from pratique.model.inventory import Distro, Location, Package, PackageType, Skipped, Source
from pratique.model.purl import Purl, parse
from pratique.report.text import one_line

_TYPES = frozenset(PackageType)
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_FULL_NAMES = frozenset({PackageType.NPM, PackageType.GOLANG, PackageType.COMPOSER})


class Foreign(msgspec.Struct, frozen=True):
    """What another tool's SBOM says of one package."""

    name: str
    purl: str
    version: str = ""
    source: Source | None = None
    locations: tuple[Location, ...] = ()
    licenses: tuple[str, ...] = ()


def package(foreign: Foreign) -> Package | Skipped:
    """The package, or why it cannot be one: never silence."""
    label = one_line(foreign.purl or foreign.name, 200)
    if not foreign.purl:
        return Skipped(label, "it has no package URL")
    try:
        purl = parse(foreign.purl)
    except InvalidData as error:
        return Skipped(label, f"its package URL cannot be read: {error.hint}")
    if purl.type not in _TYPES:
        return Skipped(label, f"packages of type {purl.type} are not supported")
    version = _version(purl) or foreign.version
    if not version:
        return Skipped(label, "it has no version")
    name = _name(purl)
    return Package(
        type=PackageType(purl.type),
        name=name,
        version=version,
        purl=foreign.purl,
        architecture=purl.qualifiers.get("arch", ""),
        source=_source(purl, foreign.source, name, version),
        locations=tuple(sorted(set(foreign.locations), key=lambda location: (location.path, location.layer or ""))),
        licenses=foreign.licenses,
    )


def distro(purls: Iterable[str]) -> Distro | None:
    """The distribution that distribution packages name in their `distro` qualifier (`debian-12`)."""
    for text in purls:
        if text.startswith(("pkg:deb/", "pkg:apk/", "pkg:rpm/", "pkg:alpm/")) and "distro=" in text:
            with contextlib.suppress(InvalidData):
                name, _, version = parse(text).qualifiers.get("distro", "").rpartition("-")
                if name and version[:1].isdigit():
                    return Distro(name, version)
    return None


def _name(purl: Purl) -> str:
    """The name as advisories write it: Go, npm and Composer with their path, Maven as `group:artifact`."""
    if purl.type == PackageType.MAVEN and purl.namespace:
        return f"{purl.namespace}:{purl.name}"
    return purl.full_name if purl.type in _FULL_NAMES else purl.name


def _version(purl: Purl) -> str:
    epoch = purl.qualifiers.get("epoch", "0")  # Trivy's way; Syft writes it into the version
    return f"{epoch}:{purl.version}" if purl.version and epoch != "0" and ":" not in purl.version else purl.version


def _source(purl: Purl, told: Source | None, name: str, version: str) -> Source | None:
    upstream, _, its_version = purl.qualifiers.get("upstream", "").partition("@")
    if match := _SOURCE_RPM.fullmatch(upstream):  # Syft's way for RPM: the source package's file
        epoch = purl.qualifiers.get("epoch", "0")
        upstream, its_version = match[1], match[2] if epoch == "0" else f"{epoch}:{match[2]}"
    source = told or (Source(upstream, its_version or version) if upstream else None)
    return None if source == Source(name, version) else source
