"""Which packages of a language came with a package of the operating system.

Debian's python3-yaml brings PyYAML's metadata; security fixes come as a new python3-yaml and leave PyYAML's version as
it is, so judging both would report holes that are mended.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from pratique.model.inventory import PackageType
from pratique.scan import apk, dpkg_files, pacman
from pratique.scan.found import Found, Items
from pratique.scan.python import normalized

# Where distributions put what they maintain. A private copy elsewhere (a bundled npm, a vendor's SDK) has
# nobody who mends that copy for it: it is judged on its own.
_MAINTAINED = re.compile(
    r"usr/lib(?:64)?/python3[^/]*/(?:dist|site)-packages/[^/]+(?:/[^/]+)?|usr/(?:share|lib)/nodejs/.+"
)
_DIST_PACKAGES = "usr/lib/python3/dist-packages/"  # dpkg's alone: pip on Debian installs below usr/local


class HasContent(Protocol):
    """A file with its content, None where it could not be read, or what was found in it."""

    @property
    def content(self) -> bytes | Items | None:
        """The bytes, or the packages that they told of."""


def owners(files: Mapping[str, HasContent], packages: Mapping[str, Found]) -> dict[str, str]:
    """The owner's purl for each file that an operating system's package brought; `packages` are all, by purl."""
    owned: dict[str, str] = {}
    for claimed, owner in _claims(files, packages):
        path = claimed if claimed in files else f"usr/{claimed}"  # what was /bin is a link to usr/bin today
        if path in files and _is_mended(path, files[path], packages[owner]):
            owned[path] = owner
    installed = dict(_installed(packages))
    for path, name in _in_dist_packages(files):
        if path not in owned and (owner_ := installed.get((PackageType.DEB, f"python3-{name}", ""))):
            owned[path] = owner_
    return owned


def _is_mended(path: str, file: HasContent, owner: Found) -> bool:
    """Whether the distribution mends what is in this file: its libraries, and programs and archives that it built."""
    return _MAINTAINED.fullmatch(path) is not None or (isinstance(file.content, tuple) and owner.maintained)


_Key = tuple[PackageType, str, str]


def _installed(packages: Mapping[str, Found]) -> Iterator[tuple[_Key, str]]:
    for url, found in packages.items():
        yield (found.type, found.name, ""), url
        yield (found.type, found.name, found.architecture), url


def _claims(files: Mapping[str, HasContent], packages: Mapping[str, Found]) -> Iterator[tuple[str, str]]:
    """Paths with the purl of the package that brought them; more than there are files of ours."""
    installed = dict(_installed(packages))
    lists = [(path, file.content) for path, file in files.items() if isinstance(file.content, bytes)]
    ours = frozenset(_as_listed(files))
    for path, content in lists:
        if dpkg_files.is_list(path):
            name, architecture = dpkg_files.package_of(path)
            if owner := installed.get((PackageType.DEB, name, architecture)):
                for claimed in dpkg_files.among(content, ours):
                    yield claimed[1:].decode("utf-8", "surrogateescape"), owner
        elif apk.wanted(path):
            for text, name in apk.owned(content):
                if owner := installed.get((PackageType.APK, name, "")):
                    yield text, owner
        elif pacman.is_list(path) and (owner := _described(path, installed, files)):
            yield from ((text, owner) for text in pacman.owned(content))
    for url, found in packages.items():
        yield from ((text, url) for text in found.declares)


def _as_listed(files: Iterable[str]) -> Iterator[bytes]:
    for path in files:
        listed = b"/" + path.encode("utf-8", "surrogateescape")
        yield listed
        if listed.startswith(b"/usr/"):
            yield listed[4:]


def _described(path: str, installed: Mapping[_Key, str], files: Mapping[str, HasContent]) -> str:
    """The purl of the package whose `desc` lies beside this list."""
    beside = path.removesuffix("files") + "desc"
    content = files[beside].content if beside in files else None
    for found in pacman.parse(beside, content) if isinstance(content, bytes) else ():
        if isinstance(found, Found):
            return installed.get((found.type, found.name, ""), "")
    return ""


def _in_dist_packages(files: Mapping[str, HasContent]) -> Iterator[tuple[str, str]]:
    """For images whose lists were deleted to save space: the file's folder is `name-version.dist-info`, or so."""
    for path in files:
        if path.startswith(_DIST_PACKAGES):
            folder = path.removeprefix(_DIST_PACKAGES).partition("/")[0]
            stem = folder.removesuffix(".dist-info").removesuffix(".egg-info")
            yield path, normalized(stem.partition("-")[0])
