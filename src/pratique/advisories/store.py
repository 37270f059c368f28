"""The advisory store as a scan uses it: one read-only file, opened without being read, safe to ask from many threads.

A newer file may take this one's place at any time (`build` renames it there); an open store goes on with the old one.
"""

import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from pratique.advisories import schema
from pratique.advisories.names import normalise
from pratique.advisories.status import Priority, SourceInfo, StoreStatus
from pratique.model.advisory import Advisory, Affected
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, NotFound

if TYPE_CHECKING:
    from pratique.advisories.build import build

__all__ = ["AdvisoryStore", "build"]

_HEADER = 100  # bytes (SQLite file format, 1.3)
_UNREADABLE = (IndexError, TypeError, ValueError, RecursionError, msgspec.MsgspecError)  # what damaged msgpack does
_REBUILD = "build it anew with: pratique db build --osv LOCATION"

_FIND = """SELECT advisory.body, affected.body FROM affected JOIN advisory USING (number)
           WHERE ecosystem = ? AND name = ? ORDER BY id"""
_BY_ID = "SELECT number, body FROM advisory WHERE id = ?"
_BY_ALIAS = "SELECT number, body FROM alias JOIN advisory USING (number) WHERE name = ? ORDER BY id LIMIT 1"
_PRIORITY = "SELECT epss, kev FROM priority WHERE name = ?"
_PACKAGES = "SELECT body FROM affected WHERE number = ? ORDER BY ecosystem, name"


class AdvisoryStore:
    """An open advisory file. Close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()
        self.digest: Digest = self._meta("digest", str)
        """Names the content: the same records have the same digest, whatever file they are in."""

    @classmethod
    def open(cls, path: Path) -> "AdvisoryStore":
        """Open a file that `build` wrote. Raises NotFound when there is none, InvalidData when it isn't one of ours."""
        _check(path)
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        try:
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def find(self, ecosystem: str, name: str) -> tuple[Advisory, ...]:
        """The advisories on a package, by id, withdrawn ones too; `affected` holds that package's entries alone.

        `ecosystem` is OSV's word with its release (`Debian:12`, `PyPI`). Raises InvalidData when the file is damaged.
        """
        rows = self._rows(_FIND, ecosystem, normalise(ecosystem, name))
        return tuple(self._joined(head, [body]) for head, body in rows)

    def get(self, name: str) -> Advisory | None:
        """The advisory with this id, else the first that has it as an alias, with all the packages that it affects."""
        rows = self._rows(_BY_ID, name) or self._rows(_BY_ALIAS, name)
        if not rows:
            return None
        number, head = rows[0]
        return self._joined(head, [body for (body,) in self._rows(_PACKAGES, number)])

    def priority(self, name: str) -> Priority | None:
        """What is known of the exploitation of a CVE; None where no feed names it."""
        rows = self._rows(_PRIORITY, name)
        return Priority(rows[0][0], bool(rows[0][1])) if rows else None

    def ecosystems(self) -> tuple[str, ...]:
        """The ecosystems, with their releases, that any advisory names."""
        return tuple(sorted(self._meta("ecosystems", dict[str, int])))

    def releases(self, distro: str) -> tuple[str, ...]:
        """The ecosystems of one distribution: `Debian` gives `Debian:12` and its like."""
        return tuple(each for each in self.ecosystems() if each.partition(":")[0] == distro)

    def status(self) -> StoreStatus:
        """What the store holds, from when and where."""
        return StoreStatus(
            built_at=self._meta("built_at", str),
            schema=schema.VERSION,
            digest=self.digest,
            advisories=self._meta("advisories", int),
            sources=self._meta("sources", tuple[SourceInfo, ...]),
            ecosystems=self._meta("ecosystems", dict[str, int]),
        )

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _rows(self, query: str, *arguments: str | int) -> list[Any]:
        try:
            with self._lock:
                return self._connection.execute(query, arguments).fetchall()
        except sqlite3.DatabaseError as error:
            raise InvalidData(f"the advisory store is damaged: {self.path}", _REBUILD) from error
        except UnicodeEncodeError:
            return []  # a lone surrogate in a hostile name: no record holds one

    def _meta(self, name: str, kind: Any) -> Any:
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        try:
            return msgspec.msgpack.decode(rows[0][0], type=kind)
        except _UNREADABLE as error:
            raise InvalidData(f"the advisory store is damaged: {self.path}", _REBUILD) from error

    def _joined(self, head: bytes, bodies: list[bytes]) -> Advisory:
        try:
            affected: list[Affected] = []
            for body in bodies:
                affected += schema.AFFECTED.decode(body)
            return msgspec.structs.replace(schema.ADVISORY.decode(head), affected=tuple(affected))
        except _UNREADABLE as error:
            raise InvalidData(f"the advisory store is damaged: {self.path}", _REBUILD) from error


def __getattr__(name: str) -> object:
    """`build`, when it is asked for: a scan never is the one that asks."""
    if name == "build":
        from pratique.advisories.build import build

        return build
    raise AttributeError(name)


def _check(path: Path) -> None:
    """Look at the header: ours, of our version, and as long as it says."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
            size = path.stat().st_size
    except FileNotFoundError:
        raise NotFound(f"no advisory store at {path}", "build one with: pratique db build --osv LOCATION") from None
    except OSError as error:
        raise InvalidData(f"not an advisory store: {path}", error.strerror or str(error)) from error
    if (
        len(header) < _HEADER
        or not header.startswith(b"SQLite format 3\0")
        or _number(header, 68) != schema.APPLICATION_ID
    ):
        raise InvalidData(f"not an advisory store: {path}", _REBUILD)
    if _number(header, 60) != schema.VERSION:
        raise InvalidData(f"the advisory store is of another version of Pratique: {path}", _REBUILD)
    if size != int.from_bytes(header[16:18]) * _number(header, 28):
        raise InvalidData(f"the advisory store is cut short: {path}", _REBUILD)


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4])
