"""CycloneDX JSON into an inventory: ours with nothing lost, other tools' (Syft, Trivy) by their purls."""

from collections.abc import Iterable, Iterator

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped, Source
from pratique.report import from_purl
from pratique.report.cyclonedx_model import BomRead, Component, LicenseChoice, MetadataRead
from pratique.report.decoding import decode
from pratique.report.text import one_line

_PACKAGES = frozenset({"library", "framework", "application"})
_LAYERS = ("aquasecurity:trivy:LayerDiffID", "syft:location:0:layerID")
_PATHS = ("aquasecurity:trivy:FilePath", "syft:location:0:path")


def read(data: bytes, name: str) -> Inventory:
    """The inventory in a CycloneDX document (JSON, 1.2 or later). Raises InvalidData."""
    bom = decode(data, BomRead, name)
    if bom.bom_format != "CycloneDX":
        raise InvalidData(f"cannot read {one_line(name, 200)}", "it is not a CycloneDX document")
    components = list(_flat(bom.components or ()))
    packages: list[Package] = []
    skipped = list(_our_skipped(bom.metadata))
    for component in components:
        found = _package(component, name)
        if isinstance(found, Package):
            packages.append(found)
        elif found:
            skipped.append(found)
    return Inventory(
        image=_image(bom.metadata),
        distro=_distro(components),
        packages=tuple(packages),
        skipped=tuple(skipped),
    )


def _flat(components: Iterable[Component]) -> Iterator[Component]:
    waiting = [*components][::-1]
    while waiting:
        component = waiting.pop()
        yield component
        waiting.extend(reversed(component.components or ()))


def _image(metadata: MetadataRead | None) -> Digest | None:
    root = metadata.component if metadata else None
    if root is None or root.type != "container":
        return None
    if is_digest(root.version):
        return Digest(root.version)
    named = _values(root).get("aquasecurity:trivy:RepoDigest", "").rpartition("@")[2]
    return Digest(named) if is_digest(named) else None


def _our_skipped(metadata: MetadataRead | None) -> Iterator[Skipped]:
    values = {one.name: one.value for one in (metadata.properties if metadata else None) or ()}
    number = 0
    while (path := values.get(f"pratique:skipped:{number}:path")) is not None:
        yield Skipped(path, values.get(f"pratique:skipped:{number}:reason", ""))
        number += 1


def _distro(components: Iterable[Component]) -> Distro | None:
    for component in components:
        if component.type == "operating-system":
            values = _values(component)
            return Distro(
                id=component.name,
                version_id=values.get("pratique:version", component.version),
                codename=values.get("pratique:codename", ""),
                name=values.get("pratique:name", ""),
                id_like=tuple(one.value for one in component.properties or () if one.name == "pratique:id_like"),
                end_of_life=values.get("pratique:end_of_life", ""),
            )
    foreign = (one for one in components if "pratique:type" not in _values(one))
    return from_purl.distro([one.purl for one in foreign])


def _package(component: Component, document: str) -> Package | Skipped | None:
    values = _values(component)
    if "pratique:type" in values:
        return _ours(component, values, document)
    if component.type not in _PACKAGES or (component.type == "application" and not component.purl):
        return None  # files, the operating system, and the lock files that Trivy lists
    return from_purl.package(
        from_purl.Foreign(
            name=f"{component.group}/{component.name}" if component.group else component.name,
            purl=component.purl,
            version=component.version,
            source=_trivy_source(values),
            locations=_foreign_locations(values),
            licenses=_licenses(component.licenses),
        )
    )


def _ours(component: Component, values: dict[str, str], document: str) -> Package:
    kind = values["pratique:type"]
    if kind not in frozenset(PackageType):
        raise InvalidData(
            f"cannot read {one_line(document, 200)}", f"component {one_line(component.name, 80)!r} is of no known type"
        )
    source = values.get("pratique:source:name")
    return Package(
        type=PackageType(kind),
        name=component.name,
        version=values.get("pratique:version", component.version),
        purl=component.purl,
        architecture=values.get("pratique:architecture", ""),
        source=None if source is None else Source(source, values.get("pratique:source:version", "")),
        owner=values.get("pratique:owner", ""),
        vendor=values.get("pratique:vendor", ""),
        modularity=values.get("pratique:modularity", ""),
        locations=tuple(_our_locations(values)),
        licenses=_licenses(component.licenses),
    )


def _our_locations(values: dict[str, str]) -> Iterator[Location]:
    number = 0
    while (path := values.get(f"pratique:location:{number}:path")) is not None:
        layer = values.get(f"pratique:location:{number}:layer")
        yield Location(path, None if layer is None else Digest(layer))
        number += 1


def _foreign_locations(values: dict[str, str]) -> tuple[Location, ...]:
    path = next((values[name] for name in _PATHS if name in values), "")
    layer = next((values[name] for name in _LAYERS if is_digest(values.get(name, ""))), None)
    return (Location(path.lstrip("/"), Digest(layer) if layer else None),) if path or layer else ()


def _trivy_source(values: dict[str, str]) -> Source | None:
    name, version = values.get("aquasecurity:trivy:SrcName"), values.get("aquasecurity:trivy:SrcVersion")
    if not name or not version:
        return None
    release, epoch = values.get("aquasecurity:trivy:SrcRelease"), values.get("aquasecurity:trivy:SrcEpoch")
    version = f"{version}-{release}" if release else version
    return Source(name, f"{epoch}:{version}" if epoch and epoch != "0" else version)


def _licenses(choices: tuple[LicenseChoice, ...] | None) -> tuple[str, ...]:
    return tuple(
        (choice.license.id or choice.license.name or "") if choice.license else choice.expression
        for choice in choices or ()
    )


def _values(component: Component) -> dict[str, str]:
    return {one.name: one.value for one in component.properties or ()}
