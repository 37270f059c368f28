"""Which packages of a language came with a package of the operating system.

Debian's python3-yaml brings PyYAML's metadata; security fixes come as a new python3-yaml and leave PyYAML's version as
it is, so judging both would report holes that are mended.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Protocol

from pratique.model.inventory import PackageType
from pratique.scan import apk, dpkg_files
from pratique.scan.found import Found
from pratique.scan.python import normalized

# Where distributions put what they maintain. A private copy elsewhere (a bundled npm, a vendor's SDK) has
# nobody who mends that copy for it: it is judged on its own.
_MAINTAINED = re.compile(r"usr/lib/python3[^/]*/(?:dist|site)-packages/[^/]+(?:/[^/]+)?|usr/(?:share|lib)/nodejs/.+")
_DIST_PACKAGES = "usr/lib/python3/dist-packages/"  # dpkg's alone: pip on Debian installs below usr/local


class HasContent(Protocol):
    """A file with its content, None where it could not be read."""

    @property
    def content(self) -> bytes | None:
        """The bytes."""


def owners(files: Mapping[str, HasContent], packages: Mapping[str, Found]) -> dict[str, str]:
    """The owner's purl for each file that an operating system's package brought; `packages` are all, by purl."""
    installed = dict(_installed(packages))
    owned = {path: installed[key] for path, key in _claims(files) if key in installed and _MAINTAINED.fullmatch(path)}
    for path, name in _in_dist_packages(files):
        if path not in owned and (owner := installed.get((PackageType.DEB, f"python3-{name}", ""))):
            owned[path] = owner
    return owned


_Key = tuple[PackageType, str, str]


def _installed(packages: Mapping[str, Found]) -> Iterator[tuple[_Key, str]]:
    for url, found in packages.items():
        yield (found.type, found.name, ""), url
        yield (found.type, found.name, found.architecture), url


def _claims(files: Mapping[str, HasContent]) -> Iterator[tuple[str, _Key]]:
    for path, file in files.items():
        if not file.content:
            continue
        if dpkg_files.is_list(path):
            name, architecture = dpkg_files.package_of(path)
            for claimed in dpkg_files.declarations(file.content):
                yield claimed, (PackageType.DEB, name, architecture)
        elif apk.wanted(path):
            for claimed, name in apk.owned(file.content):
                yield claimed, (PackageType.APK, name, "")


def _in_dist_packages(files: Mapping[str, HasContent]) -> Iterator[tuple[str, str]]:
    """For images whose lists were deleted to save space: the file's folder is `name-version.dist-info`, or so."""
    for path in files:
        if path.startswith(_DIST_PACKAGES):
            folder = path.removeprefix(_DIST_PACKAGES).partition("/")[0]
            stem = folder.removesuffix(".dist-info").removesuffix(".egg-info")
            yield path, normalized(stem.partition("-")[0])
