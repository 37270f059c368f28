"""SPDX 2.x JSON into an inventory: ours with nothing lost, other tools' (Syft, Trivy) by their purls."""

from collections.abc import Iterable, Mapping

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.report import from_purl
from pratique.report.decoding import decode
from pratique.report.spdx_model import (
    MARK,
    NOASSERTION,
    Annotation,
    DocumentNote,
    PackageNote,
    SpdxDocument,
    SpdxPackage,
)
from pratique.report.text import one_line

_NOT_PACKAGES = frozenset({"CONTAINER", "OPERATING-SYSTEM", "FILE", "SOURCE"})


def read(data: bytes, name: str) -> Inventory:
    """The inventory in an SPDX 2.2 or 2.3 document (JSON). Raises InvalidData."""
    document = decode(data, SpdxDocument, name)
    if not document.spdx_version.startswith("SPDX-2."):
        raise InvalidData(
            f"cannot read {one_line(name, 200)}", f"it is {one_line(document.spdx_version, 20)}, not SPDX 2.x"
        )
    about = _note(document.annotations)
    note = decode(about, DocumentNote, name) if about is not None else DocumentNote()
    texts = {one.license_id: one.name or one.extracted_text for one in document.has_extracted_licensing_infos}
    packages: list[Package] = []
    skipped = [Skipped(path, reason) for path, reason in note.skipped]
    for one in document.packages:
        found = _package(one, texts, name)
        if isinstance(found, Package):
            packages.append(found)
        elif found:
            skipped.append(found)
    return Inventory(
        image=Digest(note.image) if note.image is not None else _image(document.packages),
        distro=Distro(*note.distro, note.end_of_life)
        if note.distro
        else _distro(document.packages, packages, about is not None),
        packages=tuple(packages),
        skipped=tuple(skipped),
    )


def _note(annotations: Iterable[Annotation]) -> bytes | None:
    for annotation in annotations:
        if annotation.comment.startswith(MARK):
            return annotation.comment[len(MARK) :].encode()
    return None


def _package(one: SpdxPackage, texts: Mapping[str, str], document: str) -> Package | Skipped | None:
    note = _note(one.annotations)
    if note is not None:
        return _ours(one, decode(note, PackageNote, document), document)
    purl = next((ref.reference_locator for ref in one.external_refs if ref.reference_type == "purl"), "")
    if one.primary_package_purpose in _NOT_PACKAGES or purl.startswith("pkg:oci/"):
        return None
    return from_purl.package(
        from_purl.Foreign(name=one.name, purl=purl, version=one.version_info, licenses=_licenses(one, texts))
    )


def _ours(one: SpdxPackage, note: PackageNote, document: str) -> Package:
    if note.type not in frozenset(PackageType):
        raise InvalidData(
            f"cannot read {one_line(document, 200)}", f"package {one_line(one.name, 80)!r} is of no known type"
        )
    purl = note.purl if note.purl is not None else "".join(ref.reference_locator for ref in one.external_refs[:1])
    return Package(
        type=PackageType(note.type),
        name=one.name if note.name is None else note.name,
        version=one.version_info,
        purl=purl,
        architecture=note.architecture,
        owner=note.owner,
        vendor=note.vendor,
        modularity=note.modularity,
        source=Source(*note.source) if note.source else None,
        locations=tuple(Location(path, None if layer is None else Digest(layer)) for path, layer in note.locations),
        licenses=note.licenses,
    )


def _licenses(one: SpdxPackage, texts: Mapping[str, str]) -> tuple[str, ...]:
    declared = one.license_declared
    if declared in {"", NOASSERTION, "NONE"}:
        return ()
    return tuple(texts.get(part, part) for part in declared.split(" AND ")) if "(" not in declared else (declared,)


def _image(packages: Iterable[SpdxPackage]) -> Digest | None:
    for one in packages:
        if one.primary_package_purpose == "CONTAINER" and is_digest(one.version_info):
            return Digest(one.version_info)
    return None


def _distro(packages: Iterable[SpdxPackage], found: list[Package], ours: bool) -> Distro | None:
    for one in packages:
        if one.primary_package_purpose == "OPERATING-SYSTEM" and not ours:
            return Distro(one.name, one.version_info)
    return None if ours else from_purl.distro([package.purl for package in found])
