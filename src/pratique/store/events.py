"""What happened, in order: the timeline of every journey."""

import msgspec

from pratique.store.database import Database


class Event(msgspec.Struct, frozen=True):
    """One thing that happened: when (RFC 3339), on which journey, of what kind, to what, in words."""

    at: str
    journey: str
    kind: str
    subject: str
    message: str


class Events:
    """The timeline, kept. The same event of the same journey counts once, so a repeated step repeats no event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Event) -> None:
        """Append an event."""
        row = (event.at, event.journey, event.kind, event.subject, event.message)
        with self._database.transaction() as write:
            write.execute(
                "INSERT OR IGNORE INTO events (at, journey, kind, subject, message) VALUES (?, ?, ?, ?, ?)", row
            )

    def all(self, journey: str = "") -> tuple[Event, ...]:
        """Every event, oldest first; of one journey where one is named."""
        where = "WHERE journey = ?" if journey else ""
        sql = f"SELECT at, journey, kind, subject, message FROM events {where} ORDER BY position"  # noqa: S608
        rows = self._database.rows(sql, (journey,) if journey else ())
        return tuple(Event(*map(str, row)) for row in rows)
