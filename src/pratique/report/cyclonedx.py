"""CycloneDX 1.6 JSON: the inventory as components, the findings as vulnerabilities.

The same report gives the same bytes: the serial number is a UUIDv5 of the content. What CycloneDX has no field for
(layer, location, source package) is in `pratique:` properties, and `cyclonedx_reader` gives the same inventory back.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pratique.model.digest import digest_of
from pratique.model.inventory import Distro, Package, Skipped
from pratique.report.cyclonedx_findings import vulnerabilities
from pratique.report.cyclonedx_model import (
    Bom,
    Component,
    Dependency,
    LicenseChoice,
    LicenseName,
    Metadata,
    Property,
    ToolChoice,
)
from pratique.report.licenses import IDS
from pratique.report.report import Report

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pratique:cyclonedx")
_VERSION_LIMIT = 1024  # the schema's
_ROOT = "target"
_SYSTEM = "operating-system"


def render(report: Report) -> bytes:
    """The report as one line of JSON and a line break."""
    bom = document(report)
    serial = uuid.uuid5(_NAMESPACE, digest_of(msgspec.json.encode(bom)))
    return msgspec.json.encode(msgspec.structs.replace(bom, serial_number=f"urn:uuid:{serial}")) + b"\n"


def document(report: Report) -> Bom:
    """The report as a BOM, without its serial number."""
    inventory = report.inventory
    refs = _refs(inventory.packages)
    components = [_component(package, ref) for package, ref in zip(inventory.packages, refs, strict=True)]
    held = [*refs]
    if inventory.distro:
        components.insert(0, _system(inventory.distro))
        held.insert(0, _SYSTEM)
    return Bom(
        schema=_SCHEMA,
        bom_format="CycloneDX",
        spec_version="1.6",
        version=1,
        metadata=_metadata(report),
        components=tuple(components),
        dependencies=(Dependency(_ROOT, tuple(held)),),
        vulnerabilities=vulnerabilities(report.findings, dict(zip(inventory.packages, refs, strict=True))),
    )


def _refs(packages: Sequence[Package]) -> list[str]:
    """A name for each package that is unique in the document: its purl, numbered where that comes again."""
    seen: dict[str, int] = {_ROOT: 1, _SYSTEM: 1}
    refs = []
    for package in packages:
        ref = name = package.purl or "package"
        while ref in seen:
            seen[name] = number = seen.get(name, 1) + 1
            ref = f"{name}#{number}"
        seen[ref] = 1
        refs.append(ref)
    return refs


def _metadata(report: Report) -> Metadata:
    image = report.inventory.image
    tool = Component("application", "pratique", version=report.tool_version)
    root = Component(
        type="container",
        name=report.target,
        bom_ref=_ROOT,
        version=image or "",
        properties=tuple(_image_properties(report)) or None,
    )
    return Metadata(
        timestamp=report.generated_at,
        tools=ToolChoice(components=(tool,)),
        component=root,
        properties=tuple(_skipped(report.inventory.skipped)) or None,
    )


def _image_properties(report: Report) -> Iterator[Property]:
    if report.image:
        yield Property("pratique:platform", str(report.image.platform))
        for number, layer in enumerate(report.image.layers):
            yield Property(f"pratique:layer:{number}:digest", layer.descriptor.digest)
            yield Property(f"pratique:layer:{number}:diffID", layer.diff_id)


def _skipped(skipped: Iterable[Skipped]) -> Iterator[Property]:
    for number, item in enumerate(skipped):
        yield Property(f"pratique:skipped:{number}:path", item.path)
        yield Property(f"pratique:skipped:{number}:reason", item.reason)


def _system(distro: Distro) -> Component:
    properties = [Property("pratique:codename", distro.codename), Property("pratique:name", distro.name)]
    properties += [Property("pratique:id_like", like) for like in distro.id_like]
    if distro.end_of_life:
        properties.append(Property("pratique:end_of_life", distro.end_of_life))
    long = len(distro.version_id) > _VERSION_LIMIT
    return Component(
        type=_SYSTEM,
        name=distro.id,
        bom_ref=_SYSTEM,
        version="" if long else distro.version_id,
        properties=(*properties, *([Property("pratique:version", distro.version_id)] if long else [])),
    )


def _component(package: Package, ref: str) -> Component:
    long = len(package.version) > _VERSION_LIMIT
    return Component(
        type="library",
        name=package.name,
        bom_ref=ref,
        version="" if long else package.version,
        purl=package.purl,
        licenses=tuple(_license(text) for text in package.licenses) or None,
        properties=tuple(_properties(package, long)),
    )


def _license(text: str) -> LicenseChoice:
    return LicenseChoice(license=LicenseName(id=text) if text in IDS else LicenseName(name=text))


def _properties(package: Package, long: bool) -> Iterator[Property]:
    yield Property("pratique:type", package.type.value)
    if long:
        yield Property("pratique:version", package.version)
    if package.architecture:
        yield Property("pratique:architecture", package.architecture)
    if package.owner:
        yield Property("pratique:owner", package.owner)
    if package.vendor:
        yield Property("pratique:vendor", package.vendor)
    if package.modularity:
        yield Property("pratique:modularity", package.modularity)
    if package.source:
        yield Property("pratique:source:name", package.source.name)
        yield Property("pratique:source:version", package.source.version)
    for number, location in enumerate(package.locations):
        yield Property(f"pratique:location:{number}:path", location.path)
        if location.layer is not None:
            yield Property(f"pratique:location:{number}:layer", location.layer)
