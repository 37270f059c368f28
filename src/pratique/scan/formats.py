"""The table of package formats: a new ecosystem is one file and one line here."""

from collections.abc import Callable

from pratique.scan import (
    apk,
    bitnami,
    composer,
    conda,
    dotnet,
    dpkg,
    dpkg_files,
    eggs,
    gems,
    node,
    node_locks,
    os_release,
    pacman,
    python,
    runtimes,
)
from pratique.scan.binaries import programs
from pratique.scan.found import Format, Items, bounded
from pratique.scan.java import archive
from pratique.scan.layers import Reading
from pratique.scan.rpm import container_manifest
from pratique.scan.rpm import database as rpm

FORMATS = (
    Format("dpkg", dpkg.wanted, dpkg.parse, dpkg.LIMIT),
    Format("apk", apk.wanted, apk.parse, apk.LIMIT),
    Format("python", python.wanted, python.parse, python.LIMIT),
    Format("node", node.wanted, node.parse, node.LIMIT),
    Format("rpm", rpm.wanted, rpm.parse, rpm.LIMIT, at_once=True),
    Format("rpm manifest", container_manifest.wanted, container_manifest.parse, container_manifest.LIMIT),
    Format("java", archive.wanted, archive.parse, archive.LIMIT, at_once=True),
    Format("pacman", pacman.wanted, pacman.parse, pacman.LIMIT),
    Format("dotnet", dotnet.wanted, dotnet.parse, dotnet.LIMIT, at_once=True),
    Format("gem", gems.wanted, gems.parse, gems.LIMIT, at_once=True),
    Format("composer", composer.wanted, composer.parse, composer.LIMIT, at_once=True),
    Format("conda", conda.wanted, conda.parse, conda.LIMIT, at_once=True),
    Format("bitnami", bitnami.wanted, bitnami.parse, bitnami.LIMIT, at_once=True),
    Format("egg", eggs.wanted, eggs.parse, eggs.LIMIT, at_once=True),
    Format("runtime", runtimes.wanted, runtimes.parse, runtimes.LIMIT, at_once=True),
    Format("node lock", node_locks.wanted, node_locks.parse, node_locks.LIMIT, at_once=True),
)
DATABASES = (dpkg.STATUS, *apk.PATHS, *rpm.PATHS)  # that may lie behind a symlinked folder
_AIDS: tuple[tuple[Callable[[str], bool], int], ...] = (
    (os_release.wanted, os_release.LIMIT),
    (dpkg_files.wanted, dpkg_files.LIMIT),
    (pacman.is_list, pacman.LIMIT),
)
_ENDINGS = (
    *python.ENDINGS,
    *archive.ENDINGS,
    *dotnet.ENDINGS,
    *runtimes.ENDINGS,
    *node_locks.FILES,
    *DATABASES,
    *os_release.PATHS,
    node.ENDING,
    gems.ENDING,
    eggs.ENDING,
    composer.ENDING,
    "/copyright",
)
_STARTS = ("var/lib/dpkg/", pacman.FOLDER, container_manifest.PATH, bitnami.START)


def format_of(path: str) -> Format | None:
    """The format whose file this is."""
    return next((item for item in FORMATS if item.wanted(path)), None)


def limit_of(path: str) -> int:
    """How many bytes of this file a scan reads at most; 0 for the very most files, which nobody wants."""
    if (
        not path.endswith(_ENDINGS) and not path.startswith(_STARTS) and conda.FOLDER not in path
    ):  # a call or two in C for a layer's many files
        return 0
    found = format_of(path)
    if found:
        return found.limit
    return next((limit for wanted, limit in _AIDS if wanted(path)), 0)


def kept(path: str, content: bytes) -> bytes | Items:
    """What of a wanted file is held until all layers are read: the packages in it for large ones, else its bytes."""
    format_ = format_of(path)
    return tuple(bounded(format_.parse(path, content))) if format_ and format_.at_once else content


READING = Reading(limit_of, kept, programs.spans, programs.parse)


def wanted(path: str) -> bool:
    """Whether a scan reads this file."""
    return limit_of(path) > 0
