"""What dpkg knows besides its status: which files a package brought, and the licences in its copyright file."""

import re

from pratique.scan.found import MEGABYTE, text_of

LIMIT = 8 * MEGABYTE
_MOST = 100  # licences of one package
_LISTS = "var/lib/dpkg/info/"
_COPYRIGHT = re.compile(r"usr/share/doc/[^/]+/copyright")
# Only files that declare a package of a language matter: the others are what the package itself is made of.
_DECLARATIONS = (b".dist-info/METADATA", b".egg-info/PKG-INFO", b".egg-info", b"/package.json")
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


def declarations(content: bytes) -> tuple[str, ...]:
    """The files in a list that declare packages of a language, as paths."""
    lines = (line[1:] for line in content.split(b"\n") if line.endswith(_DECLARATIONS))
    return tuple(line.decode("utf-8", "surrogateescape") for line in lines)


def copyright_path(name: str) -> str:
    """Where a package's copyright file is; the folder may be a symlink."""
    return f"usr/share/doc/{name}/copyright"


def licenses(content: bytes) -> tuple[str, ...]:
    """The short names in a machine-readable copyright file (DEP-5), sorted; none for free text."""
    if not _MACHINE_READABLE.match(content):
        return ()
    return tuple(sorted({text_of(name).strip() for name in set(_LICENSE.findall(content))}))[:_MOST]
