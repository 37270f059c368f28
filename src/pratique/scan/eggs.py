"""Python's eggs that are one file: a zip with the metadata in it (setuptools, "Internal Structure of Python Eggs")."""

from pratique.scan import python
from pratique.scan.found import MEGABYTE, Parsed, Problem
from pratique.scan.java.zip import Zip

LIMIT = 64 * MEGABYTE
ENDING = ".egg"
_METADATA = "EGG-INFO/PKG-INFO"


def wanted(path: str) -> bool:
    """Whether this is named as an egg; one that is a folder has its metadata as a file."""
    return path.endswith(ENDING)


def parse(path: str, content: bytes) -> Parsed:
    """The one distribution in it; nothing for a file that is no zip, as links to sources once were."""
    if not content.startswith(b"PK"):
        return
    try:
        archive = Zip(content)
        for entry in archive:
            if entry.name == _METADATA:
                yield from python.parse(path, archive.read(entry, python.LIMIT))
                return
    except ValueError as error:
        yield Problem(f"not an egg that can be read: {error}")
