"""The table of package formats: a new ecosystem is one file and one line here."""

from collections.abc import Callable

from pratique.scan import apk, dpkg, dpkg_files, node, os_release, python
from pratique.scan.found import Format

FORMATS = (
    Format("dpkg", dpkg.wanted, dpkg.parse, dpkg.LIMIT),
    Format("apk", apk.wanted, apk.parse, apk.LIMIT),
    Format("python", python.wanted, python.parse, python.LIMIT),
    Format("node", node.wanted, node.parse, node.LIMIT),
)
DATABASES = (dpkg.STATUS, *apk.PATHS)  # that may lie behind a symlinked folder
_AIDS: tuple[tuple[Callable[[str], bool], int], ...] = (
    (os_release.wanted, os_release.LIMIT),
    (dpkg_files.wanted, dpkg_files.LIMIT),
)
_ENDINGS = (*python.ENDINGS, node.ENDING, *DATABASES, *os_release.PATHS, "/copyright")


def format_of(path: str) -> Format | None:
    """The format whose file this is."""
    return next((item for item in FORMATS if item.wanted(path)), None)


def limit_of(path: str) -> int:
    """How many bytes of this file a scan reads at most; 0 for the very most files, which nobody wants."""
    if not path.endswith(_ENDINGS) and not path.startswith("var/lib/dpkg/"):  # one call in C for a layer's many files
        return 0
    found = format_of(path)
    if found:
        return found.limit
    return next((limit for wanted, limit in _AIDS if wanted(path)), 0)


def wanted(path: str) -> bool:
    """Whether a scan reads this file."""
    return limit_of(path) > 0
