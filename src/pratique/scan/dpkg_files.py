"""What dpkg knows besides its status: which files a package brought, and the licences in its copyright file."""

import re

from pratique.scan.found import MEGABYTE, text_of

LIMIT = 8 * MEGABYTE
_LISTS = "var/lib/dpkg/info/"
_COPYRIGHT = re.compile(r"usr/share/doc/[^/]+/copyright")
# Only files that declare a package of a language matter: the others are what the package itself is made of.
_DECLARATION = re.compile(
    rb"^/((?:[^\n]*/)?(?:[^/\n]+\.(?:dist|egg)-info/(?:METADATA|PKG-INFO)|[^/\n]+\.egg-info|package\.json))$",
    re.MULTILINE,
)
_MACHINE_READABLE = re.compile(r"(?:Format|Format-Specification):\s")  # DEP-5, the first field
_LICENSE = re.compile(r"^License:[ \t]*(\S[^\n]{0,199})$", re.MULTILINE)


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
    if b"-info" not in content and b"package.json" not in content:
        return ()
    return tuple(path.decode("utf-8", "surrogateescape") for path in _DECLARATION.findall(content))


def copyright_path(name: str) -> str:
    """Where a package's copyright file is; the folder may be a symlink."""
    return f"usr/share/doc/{name}/copyright"


def licenses(content: bytes) -> tuple[str, ...]:
    """The short names in a machine-readable copyright file (DEP-5), sorted; none for free text."""
    text = text_of(content)
    return tuple(sorted(set(map(str.rstrip, _LICENSE.findall(text))))) if _MACHINE_READABLE.match(text) else ()
