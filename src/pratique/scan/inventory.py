"""From the files of an image to its Inventory: parse each, say what was wrong, merge, name the owners, sort. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from pratique.model import purl
from pratique.model.digest import Digest
from pratique.model.inventory import Distro, Inventory, Location, Package, PackageType, Skipped
from pratique.scan import dpkg_files, os_release
from pratique.scan.formats import format_of
from pratique.scan.found import Format, Found, Problem
from pratique.scan.owners import owners
from pratique.scan.paths import shown

_MOST = 200_000  # packages of one file: no database is larger, and a made-up one must not fill the memory
_MOST_PROBLEMS = 20  # told one by one for a file


class File(msgspec.Struct, frozen=True):
    """A file of the image: the content that counts, and all its versions with the layers that brought them, base first.

    `content` is None where it could not be read, and `reason` says why.
    """

    path: str
    content: bytes | None
    reason: str = ""
    versions: tuple[tuple[Digest | None, bytes], ...] = ()


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
    for path in sorted(files):
        file, format_ = files[path], format_of(path)
        if file.content is None:
            told.add(Skipped(shown(path), file.reason))
        elif format_:
            for found, layer in _read(file, format_, told):
                url = _purl(found, distro)
                merged.setdefault(url, _Entry(found)).locations.add(Location(path, layer))
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


def _read(file: File, format_: Format, told: set[Skipped]) -> Iterator[tuple[Found, Digest | None]]:
    """Each package with the layer from which on this file has had it, in this version."""
    brought: dict[tuple[str, str, str], Digest | None] = {}
    for layer, content in file.versions[:-1]:
        earlier = (found for found in _bounded(format_.parse(file.path, content)) if isinstance(found, Found))
        brought = {key: brought.get(key, layer) for key in map(_identity, earlier)}
    top = file.versions[-1][0] if file.versions else None
    problems = 0
    for found in _bounded(format_.parse(file.path, file.content or b"")):
        if isinstance(found, Found):
            yield found, brought.get(_identity(found), top)
        elif (problems := problems + 1) <= _MOST_PROBLEMS:
            told.add(Skipped(shown(file.path), found.reason))


def _bounded(parsed: Iterator[Found | Problem]) -> Iterator[Found | Problem]:
    for number, item in enumerate(parsed):
        if number == _MOST:
            yield Problem(f"more than {_MOST} packages; the rest was left out")
            return
        yield item


def _identity(found: Found) -> tuple[str, str, str]:
    return (found.name, found.version, found.architecture)


def _purl(found: Found, distro: Distro | None) -> str:
    """A distribution's package has the distribution as namespace; an npm scope is a namespace too."""
    kind = found.type
    if kind is PackageType.NPM and found.name.startswith("@"):
        scope, _, name = found.name.partition("/")
        return purl.write(kind.value, name or scope, found.version, scope if name else "")
    if kind in {PackageType.NPM, PackageType.PYPI}:
        return purl.write(kind.value, found.name, found.version)
    usual = "debian" if kind is PackageType.DEB else "alpine"
    qualifiers = {"arch": found.architecture}
    if distro:
        qualifiers["distro"] = "-".join(filter(None, (distro.id, distro.version_id or distro.codename)))
    return purl.write(kind.value, found.name, found.version, distro.id if distro else usual, qualifiers)


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
        owner=names[0] if all(names) else "",  # one copy that nobody owns is enough to be judged on its own
    )
