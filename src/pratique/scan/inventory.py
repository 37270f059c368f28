"""From the files of an image to its Inventory: parse each, say what was wrong, merge, name the owners, sort. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from pratique.model.digest import Digest
from pratique.model.inventory import Inventory, Location, Package, PackageType, Skipped
from pratique.scan import dpkg_files, node_locks, os_release
from pratique.scan.formats import format_of
from pratique.scan.found import Found, Items, Parsed, bounded
from pratique.scan.owners import owners
from pratique.scan.package_url import purl_of
from pratique.scan.paths import shown

_MODULES = "node_modules/"
_MOST_PROBLEMS = 20  # told one by one for a file


class File(msgspec.Struct, frozen=True):
    """A file of the image: the content that counts, and all its versions with the layers that brought them, base first.

    `content` is None where it could not be read, and `reason` says why.
    """

    path: str
    content: bytes | Items | None
    reason: str = ""
    versions: tuple[tuple[Digest | None, bytes | Items], ...] = ()


def assemble(
    files: Mapping[str, File],
    read: Callable[[str], bytes | None],
    skipped: Iterable[Skipped] = (),
    image: Digest | None = None,
) -> Inventory:
    """The inventory of these files. `read(path)` gives a file's content with all links followed, or None."""
    distro = os_release.distro(read)
    told = set(skipped)
    merged: dict[str, _Entry] = {}
    installed = {path[: path.find(_MODULES) + len(_MODULES)] for path in files if _MODULES in path}
    for path in sorted(files):
        file = files[path]
        if file.content is None:
            told.add(Skipped(shown(path), file.reason))
            continue
        if node_locks.wanted(path) and node_locks.modules_beside(path) in installed:
            continue  # the modules themselves are listed, with what is really there
        for found, layer in _read(file, told):
            url = purl_of(found, distro)
            place = f"{path}!/{found.inside}" if found.inside else path
            merged.setdefault(url, _Entry(found)).locations.add(Location(place, layer))
    owner_of = owners(files, {url: entry.found for url, entry in merged.items()})
    packages = [_package(url, entry, owner_of, read) for url, entry in merged.items()]
    packages.sort(
        key=lambda package: (package.type.value, package.name, package.version, package.locations, package.purl)
    )
    return Inventory(image=image, distro=distro, packages=tuple(packages), skipped=tuple(sorted(told)))


class _Entry:
    def __init__(self, found: Found) -> None:
        self.found = found
        self.locations: set[Location] = set()


def _read(file: File, told: set[Skipped]) -> Iterator[tuple[Found, Digest | None]]:
    """Each package with the layer from which on this file has had it, in this version."""
    brought: dict[tuple[str, str, str], Digest | None] = {}
    for layer, content in file.versions[:-1]:
        earlier = (found for found in _items(file.path, content) if isinstance(found, Found))
        brought = {key: brought.get(key, layer) for key in map(_identity, earlier)}
    top = file.versions[-1][0] if file.versions else None
    problems = 0
    for found in _items(file.path, b"" if file.content is None else file.content):
        if isinstance(found, Found):
            yield found, brought.get(_identity(found), top)
        elif (problems := problems + 1) <= _MOST_PROBLEMS:
            told.add(Skipped(shown(file.path), found.reason))


def _items(path: str, content: bytes | Items) -> Parsed:
    if isinstance(content, tuple):
        return iter(content)
    format_ = format_of(path)
    return bounded(format_.parse(path, content)) if format_ else iter(())


def _identity(found: Found) -> tuple[str, str, str]:
    return (found.name, found.version, found.architecture)


def _package(url: str, entry: _Entry, owner_of: Mapping[str, str], read: Callable[[str], bytes | None]) -> Package:
    found = entry.found
    locations = tuple(sorted(entry.locations, key=lambda location: (location.path, location.layer or "")))
    names = [owner_of.get(location.path, "") for location in locations]
    licenses = found.licenses
    if found.type is PackageType.DEB and (text := read(dpkg_files.copyright_path(found.name))):
        licenses = dpkg_files.licenses(text)
    return Package(
        type=found.type,
        name=found.name,
        version=found.version,
        purl=url,
        architecture=found.architecture,
        source=found.source,
        locations=tuple(Location(shown(location.path), location.layer) for location in locations),
        licenses=licenses,
        vendor=found.vendor,
        modularity=found.modularity,
        owner=names[0] if all(names) else "",  # one copy that nobody owns is enough to be judged on its own
    )
