"""The packages in RPM's database, whichever of its three forms the file has (told by its first bytes)."""

from collections.abc import Iterator

from pratique.scan.found import MEGABYTE, Parsed, Problem
from pratique.scan.rpm import berkeley, header, ndb, sqlite

LIMIT = 128 * MEGABYTE
_LOG = "-wal"  # SQLite's: what was written and not yet put into the database
_FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
PATHS = tuple(
    folder + name for folder in _FOLDERS for name in ("rpmdb.sqlite", "Packages.db", "Packages", f"rpmdb.sqlite{_LOG}")
)


def wanted(path: str) -> bool:
    """Whether this is the database: in var, below usr on newer systems, or where ostree keeps it."""
    return path in PATHS


def parse(path: str, content: bytes) -> Parsed:
    """All packages that have a readable header."""
    if not content:
        return  # Berkeley DB and ndb leave empty files beside the one in use, and rpm an empty log
    if path.endswith(_LOG):
        yield Problem("changes that are not yet in RPM's database beside it: its packages may be older ones")
        return
    try:
        for number, blob in enumerate(_blobs(content), 1):
            if isinstance(blob, ValueError):
                yield Problem(str(blob))
            elif (found := header.parse(blob, number)) is not None:
                yield found
    except ValueError as error:
        yield Problem(f"RPM's database cannot be read: {error}")


def _blobs(content: bytes) -> Iterator[bytes | ValueError]:
    if content.startswith(sqlite.MAGIC):
        return _from_sqlite(content)
    if content.startswith(ndb.MAGIC):
        return ndb.blobs(content)
    if berkeley.matches(content):
        return berkeley.values(content)
    raise ValueError("it is neither SQLite, ndb nor Berkeley DB")


def _from_sqlite(content: bytes) -> Iterator[bytes | ValueError]:
    for row in sqlite.rows(content, "Packages"):
        blob = row[1] if len(row) > 1 else None
        yield blob if isinstance(blob, bytes) else ValueError("a row without a header")
