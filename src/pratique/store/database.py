"""One SQLite file: a connection per thread, write-ahead log, one transaction per write."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from pratique.model.errors import InvalidData, PratiqueError, Unavailable

SCHEMA_VERSION = 1
_BUSY_MS = 30_000  # a writer waits for another this long, which rides out a slow disk

Row = tuple[object, ...]


class Database:
    """The store's file. Raises InvalidData for a file that isn't ours, Unavailable when it cannot be used now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        with _typed(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._migrate(self._connection())

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of one query."""
        with _typed(self.path):
            return self._connection().execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of one query, or None."""
        with _typed(self.path):
            found: Row | None = self._connection().execute(sql, values).fetchone()
            return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is written, or nothing of it."""
        with _typed(self.path):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            connection.execute("PRAGMA journal_mode=wal")
            connection.execute("PRAGMA synchronous=full")
            self._threads.connection = connection
            with self._lock:
                self._all.append(connection)
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for statement in _statements(files("pratique.store").joinpath("schema.sql").read_text()):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        if found > SCHEMA_VERSION:
            raise InvalidData(
                f"the store {self.path} was written by a newer Pratique (schema {found}, we know {SCHEMA_VERSION})",
                "upgrade, or name another folder by --state",
            )


def _statements(script: str) -> Iterator[str]:
    lines = [line.partition("--")[0] for line in script.splitlines()]
    return (statement for statement in "\n".join(lines).split(";") if statement.strip())


@contextmanager
def _typed(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"the store {path} cannot be used ({error})", "is the folder writable, the disk full?"
        ) from error
    except sqlite3.DatabaseError as error:
        raise InvalidData(f"{path} is not a store of Pratique ({error})", "name another folder by --state") from error
    except OSError as error:
        raise PratiqueError(
            f"the store {path} cannot be opened ({error.strerror})", "name another folder by --state"
        ) from error
