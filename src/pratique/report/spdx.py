"""SPDX 2.3 JSON: the inventory as packages that the image contains.

The same report gives the same bytes: the namespace ends in a UUIDv5 of the content. What SPDX has no field for is in
one annotation per package, so that `spdx_reader` gives the same inventory back. SPDX 2.3 has no place for findings.
"""

import re
import uuid

import msgspec

from pratique.model.digest import digest_of
from pratique.model.inventory import Distro, Inventory, Package
from pratique.report.licenses import is_expression
from pratique.report.report import Report
from pratique.report.spdx_model import (
    MARK,
    NOASSERTION,
    Annotation,
    Checksum,
    CreationInfo,
    DocumentNote,
    ExternalRef,
    ExtractedLicense,
    PackageNote,
    Relationship,
    SpdxDocument,
    SpdxPackage,
)
from pratique.report.text import one_line

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pratique:spdx")
_DOCUMENT, _ROOT, _SYSTEM = "SPDXRef-DOCUMENT", "SPDXRef-Target", "SPDXRef-OperatingSystem"
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9.-]+")
_PURL = re.compile(r"pkg:[^\s/]+(/[^\s/]+)?/\S+")


def render(report: Report) -> bytes:
    """The report as one line of JSON and a line break."""
    found = document(report)
    name = _NOT_IN_IDS.sub("-", report.target)[:100].strip("-") or "target"
    identity = uuid.uuid5(_NAMESPACE, digest_of(msgspec.json.encode(found)))
    namespace = f"https://spdx.org/spdxdocs/pratique-{name}-{identity}"
    return msgspec.json.encode(msgspec.structs.replace(found, document_namespace=namespace)) + b"\n"


def document(report: Report) -> SpdxDocument:
    """The report as an SPDX document, without its namespace."""
    inventory = report.inventory
    packages = [_root(report)]
    if inventory.distro:
        packages.append(_system(inventory.distro))
    packages += [_package(package, number, report) for number, package in enumerate(inventory.packages, 1)]
    held = [Relationship(_ROOT, "CONTAINS", package.spdx_id) for package in packages[1:]]
    return SpdxDocument(
        spdx_version="SPDX-2.3",
        data_license="CC0-1.0",
        spdx_id=_DOCUMENT,
        name=one_line(report.target) or "target",
        creation_info=CreationInfo(report.generated_at, (f"Tool: pratique-{report.tool_version}",)),
        has_extracted_licensing_infos=_extracted(inventory),
        packages=tuple(packages),
        relationships=(Relationship(_DOCUMENT, "DESCRIBES", _ROOT), *held),
        annotations=(_note(_document_note(inventory), report),),
    )


def _root(report: Report) -> SpdxPackage:
    image = report.inventory.image
    algorithm, _, value = (image or "").partition(":")
    return SpdxPackage(
        name=one_line(report.target) or "target",
        spdx_id=_ROOT,
        version_info=image or "",
        download_location=NOASSERTION,
        files_analyzed=False,
        license_concluded=NOASSERTION,
        license_declared=NOASSERTION,
        copyright_text=NOASSERTION,
        primary_package_purpose="CONTAINER",
        checksums=(Checksum(algorithm.upper(), value),) if image else (),
    )


def _system(distro: Distro) -> SpdxPackage:
    return SpdxPackage(
        name=distro.id or "unknown",
        spdx_id=_SYSTEM,
        version_info=distro.version_id,
        download_location=NOASSERTION,
        files_analyzed=False,
        license_concluded=NOASSERTION,
        license_declared=NOASSERTION,
        copyright_text=NOASSERTION,
        primary_package_purpose="OPERATING-SYSTEM",
    )


def _package(package: Package, number: int, report: Report) -> SpdxPackage:
    named = _PURL.fullmatch(package.purl) is not None
    return SpdxPackage(
        name=package.name or "unknown",
        spdx_id=f"SPDXRef-Package-{number}-{_NOT_IN_IDS.sub('-', package.name)[:60]}",
        version_info=package.version,
        download_location=NOASSERTION,
        files_analyzed=False,
        license_concluded=NOASSERTION,
        license_declared=_declared(package.licenses),
        copyright_text=NOASSERTION,
        source_info=f"built from {package.source.name} {package.source.version}" if package.source else "",
        external_refs=(ExternalRef("PACKAGE-MANAGER", "purl", package.purl),) if named else (),
        annotations=(_note(_package_note(package, named), report),),
    )


def _package_note(package: Package, named: bool) -> PackageNote:
    return PackageNote(
        type=package.type.value,
        name=None if package.name else "",
        purl=None if named else package.purl,
        architecture=package.architecture,
        owner=package.owner,
        source=(package.source.name, package.source.version) if package.source else None,
        locations=tuple((location.path, location.layer) for location in package.locations),
        licenses=package.licenses,
        vendor=package.vendor,
        modularity=package.modularity,
    )


def _document_note(inventory: Inventory) -> DocumentNote:
    system = inventory.distro
    return DocumentNote(
        image=inventory.image,
        distro=(system.id, system.version_id, system.codename, system.name, system.id_like) if system else None,
        skipped=tuple((item.path, item.reason) for item in inventory.skipped),
        end_of_life=system.end_of_life if system else "",
    )


def _note(note: msgspec.Struct, report: Report) -> Annotation:
    text = MARK + msgspec.json.encode(note).decode()
    return Annotation(report.generated_at, "OTHER", f"Tool: pratique-{report.tool_version}", text)


def _declared(licenses: tuple[str, ...]) -> str:
    parts = [_license_id(text) for text in dict.fromkeys(licenses)]
    return " AND ".join(f"({part})" if " " in part and len(parts) > 1 else part for part in parts) or NOASSERTION


def _license_id(text: str) -> str:
    return text if is_expression(text) else f"LicenseRef-{digest_of(text.encode())[7:23]}"


def _extracted(inventory: Inventory) -> tuple[ExtractedLicense, ...]:
    found = {text for package in inventory.packages for text in package.licenses if not is_expression(text)}
    return tuple(
        ExtractedLicense(_license_id(text), text or NOASSERTION, one_line(text, 100) or NOASSERTION)
        for text in sorted(found)
    )
