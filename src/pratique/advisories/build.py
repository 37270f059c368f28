"""Writes the advisory file: all of it, or nothing.

The digest is over the content: the records that were kept, in the order of their ids, whatever file, order or feed name
they came by. The same records give the same digest.
"""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import msgspec

from pratique.advisories import schema
from pratique.advisories.status import BuildReport, Priority, SkippedRecord, SourceInfo
from pratique.model.advisory import Advisory
from pratique.model.digest import Digest
from pratique.model.errors import UsageError

_PRAGMAS = "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"


def build(
    path: Path,
    advisories: Iterable[Advisory | SkippedRecord],
    sources: Sequence[SourceInfo],
    now: datetime,
    *,
    priorities: Mapping[str, Priority] | None = None,
) -> BuildReport:
    """Write `advisories` to `path`, replacing what is there only when all is written.

    `priorities` are by CVE. Of two records with one id the later modified one is kept. `sources` say names and
    locations; their counts and newest times are filled in from the records' `source`. Raises what reading `advisories`
    raises, and UsageError when `path` can't be written; then the old file stays as it was.
    """
    started = time.monotonic()
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))
    except OSError as error:
        raise UsageError(f"cannot write the advisory store: {path}", error.strerror or str(error)) from error
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            report = _Writer(connection, sources, now).write(advisories, priorities or {})
        _publish(draft, path)
    except (sqlite3.Error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"cannot write the advisory store: {path}", why or str(error)) from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return msgspec.structs.replace(report, seconds=time.monotonic() - started)


def restate(path: Path, sources: Sequence[SourceInfo], now: datetime) -> bool:
    """Write a store anew with the same records and what its sources are now; False where none of ours is there.

    Raises UsageError when it can't be written.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        shutil.copyfile(path, draft)
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            if connection.execute("PRAGMA user_version").fetchone()[0] != schema.VERSION:
                return False
            (kept,) = connection.execute("SELECT value FROM meta WHERE name = 'sources'").fetchone()
            before = {each.name: each for each in msgspec.msgpack.decode(kept, type=tuple[SourceInfo, ...])}
            if {each.name for each in sources} != before.keys():
                return False
            now_are = tuple(
                msgspec.structs.replace(each, count=before[each.name].count, newest=before[each.name].newest)
                for each in sources
            )
            rows = [(schema.ENCODER.encode(now_are), "sources"), (schema.ENCODER.encode(_shown(now)), "built_at")]
            connection.executemany("UPDATE meta SET value = ? WHERE name = ?", rows)
        _publish(draft, path)
    except FileNotFoundError:
        return False
    except (sqlite3.Error, TypeError, msgspec.MsgspecError):
        return False  # damaged, or not ours: built anew
    except OSError as error:
        raise UsageError(f"cannot write the advisory store: {path}", error.strerror or str(error)) from error
    finally:
        draft.unlink(missing_ok=True)
    return True


def _shown(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _publish(draft: Path, path: Path) -> None:
    """Surely on disk, and then in its place."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class _Writer:
    """One build in progress."""

    def __init__(self, connection: sqlite3.Connection, sources: Sequence[SourceInfo], now: datetime) -> None:
        self.connection = connection
        self.sources = {source.name: source for source in sources}
        self.now = now
        self.skipped: list[SkippedRecord] = []
        self.superseded = 0
        self.kept: dict[str, tuple[int, str, bytes]] = {}  # id -> number, modified, hash of the content

    def write(self, advisories: Iterable[Advisory | SkippedRecord], priorities: Mapping[str, Priority]) -> BuildReport:
        self.connection.executescript(_PRAGMAS + schema.TABLES)
        self.connection.execute("BEGIN")
        for advisory in advisories:
            if isinstance(advisory, SkippedRecord):
                self.skipped.append(advisory)
            else:
                self._keep(advisory)
        rows = [(name, each.epss, each.kev) for name, each in sorted(priorities.items())]
        self.connection.executemany("INSERT INTO priority VALUES (?,?,?)", rows)
        digest = self._digest(rows)
        self._meta(digest)
        self.connection.execute("COMMIT")
        self.connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        self.connection.execute(f"PRAGMA user_version={schema.VERSION}")
        pairs: int = self.connection.execute("SELECT count(*) FROM affected").fetchone()[0]
        return BuildReport(digest, len(self.kept), pairs, 0.0, tuple(self.skipped), self.superseded)

    def _keep(self, advisory: Advisory) -> None:
        self._count(advisory)
        content = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(advisory, source=""))).digest()
        before = self.kept.get(advisory.id)
        if before is not None:
            self.superseded += 1
            if (_instant(advisory.modified), content) <= (_instant(before[1]), before[2]):
                return
            self._forget(before[0])
        number = before[0] if before else len(self.kept) + 1
        self.kept[advisory.id] = (number, advisory.modified, content)
        self._insert(number, advisory)

    def _insert(self, number: int, advisory: Advisory) -> None:
        head = schema.ENCODER.encode(msgspec.structs.replace(advisory, affected=()))
        self.connection.execute("INSERT INTO advisory VALUES (?,?,?)", (number, advisory.id, head))
        pairs = sorted(advisory.affected, key=lambda each: (each.ecosystem, each.name))
        for (ecosystem, name), same in groupby(pairs, key=lambda each: (each.ecosystem, each.name)):
            body = schema.ENCODER.encode(tuple(same))
            self.connection.execute("INSERT INTO affected VALUES (?,?,?,?)", (ecosystem, name, number, body))
        for alias in sorted(set(advisory.aliases) - {advisory.id}):
            self.connection.execute("INSERT INTO alias VALUES (?,?)", (alias, number))

    def _forget(self, number: int) -> None:
        """Take a superseded advisory out again, by keys alone."""
        (body,) = self.connection.execute("SELECT body FROM advisory WHERE number = ?", (number,)).fetchone()
        aliases = [(alias, number) for alias in schema.ADVISORY.decode(body).aliases]
        self.connection.executemany("DELETE FROM alias WHERE name = ? AND number = ?", aliases)
        self.connection.execute("DELETE FROM affected WHERE number = ?", (number,))
        self.connection.execute("DELETE FROM advisory WHERE number = ?", (number,))

    def _count(self, advisory: Advisory) -> None:
        source = self.sources.get(advisory.source) or SourceInfo(advisory.source, "")
        newest = max(source.newest, advisory.modified, key=_instant)
        self.sources[source.name] = msgspec.structs.replace(source, count=source.count + 1, newest=newest)

    def _digest(self, priorities: Sequence[tuple[str, float | None, bool]]) -> Digest:
        whole = hashlib.sha256(f"pratique advisories {schema.VERSION}\n".encode())
        for name in sorted(self.kept):
            whole.update(self.kept[name][2])
        for row in priorities:
            whole.update(msgspec.json.encode(row))
        return Digest("sha256:" + whole.hexdigest())

    def _meta(self, digest: Digest) -> None:
        counts = self.connection.execute("SELECT ecosystem, count(*) FROM affected GROUP BY ecosystem").fetchall()
        values: dict[str, object] = {
            "built_at": _shown(self.now),
            "digest": digest,
            "advisories": len(self.kept),
            "sources": tuple(self.sources.values()),
            "ecosystems": dict(counts),
        }
        rows = [(name, schema.ENCODER.encode(value)) for name, value in values.items()]
        self.connection.executemany("INSERT INTO meta VALUES (?,?)", rows)


def _instant(time_: str) -> datetime:
    """The moment that an RFC 3339 time names; the beginning of time for anything else (a leap second, year 0)."""
    try:
        moment = datetime.fromisoformat(time_)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
