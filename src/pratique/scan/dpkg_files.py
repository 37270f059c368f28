"""What dpkg knows besides its status: which files a package brought, and the licences in its copyright file."""

import re

from pratique.scan.found import MEGABYTE, text_of

LIMIT = 8 * MEGABYTE
_MOST = 100  # licences of one package
_LISTS = "var/lib/dpkg/info/"
_COPYRIGHT = re.compile(r"usr/share/doc/[^/]+/copyright")
_MACHINE_READABLE = re.compile(rb"\s*Format(?:-Specification)?:\s")  # DEP-5, the first field
_LICENSE = re.compile(rb"\nLicense:[ \t]*([^\s][^\n]{0,199})(?=\n)")


def is_list(path: str) -> bool:
    """Whether this lists a package's files."""
    return path.startswith(_LISTS) and path.endswith(".list")


def wanted(path: str) -> bool:
    """Whether this is a list of files or a copyright file."""
    return is_list(path) or _COPYRIGHT.fullmatch(path) is not None


def package_of(path: str) -> tuple[str, str]:
    """Name and architecture (empty where dpkg leaves it out) of the package that a list belongs to."""
    name, _, architecture = path.removeprefix(_LISTS).removesuffix(".list").partition(":")
    return name, architecture


def among(content: bytes, paths: frozenset[bytes]) -> frozenset[bytes]:
    """Which of `paths`, written as in lists (with a leading slash), are in this list."""
    return paths.intersection(content.split(b"\n"))


def copyright_path(name: str) -> str:
    """Where a package's copyright file is; the folder may be a symlink."""
    return f"usr/share/doc/{name}/copyright"


def licenses(content: bytes) -> tuple[str, ...]:
    """The short names in a machine-readable copyright file (DEP-5), sorted; none for free text."""
    if not _MACHINE_READABLE.match(content):
        return ()
    return tuple(sorted({text_of(name).strip() for name in set(_LICENSE.findall(content))}))[:_MOST]
