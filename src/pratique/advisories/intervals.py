"""OSV's events as intervals ("affected[].ranges[].events" and "Evaluation" of the OSV schema)."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from pratique import versions
from pratique.model.advisory import Range

BEGINNING = "0"
_NO_LIMIT = "*"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of a range; exactly one field is set in a sound record."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""

    @property
    def version(self) -> str:
        """The version at which something changes."""
        return self.introduced or self.fixed or self.last_affected or self.limit


def intervals(ecosystem: str, events: Iterable[Event]) -> tuple[Range, ...]:
    """The intervals that events describe, in the order of versions. Events may come in any order.

    Where versions can't be ordered, the events' own order counts. `limit` ends an interval as `fixed` does. A range
    that never says `introduced` begins at the beginning, and one that is fixed at the beginning is no range at all.
    """
    known = [event for event in events if event.version and event.limit != _NO_LIMIT]
    if known and not any(event.introduced for event in known):
        known.insert(0, Event(introduced=BEGINNING))
    return tuple(_walk(_ordered(ecosystem, known)))


def _walk(groups: Iterable[list[Event]]) -> Iterator[Range]:
    start = ""
    for events in groups:
        if not start:  # what begins and ends at one version begins first
            events.sort(key=lambda event: not event.introduced)
        for event in events:
            if event.introduced:
                start = start or event.introduced
            elif start:
                end = event.fixed or event.limit
                if end != start:
                    yield Range(start, fixed=end, last=event.last_affected)
                start = ""
    if start:
        yield Range(start)


def _ordered(ecosystem: str, events: list[Event]) -> Iterator[list[Event]]:
    """The events, those of one version together."""
    try:
        keyed = sorted(((_key(ecosystem, event.version), event) for event in events), key=lambda pair: pair[0])
    except versions.InvalidVersion:
        return ([event] for event in events)
    return ([event for _, event in group] for _, group in groupby(keyed, key=lambda pair: pair[0]))


def _key(ecosystem: str, version: str) -> bytes:
    return b"" if version == BEGINNING else versions.key(ecosystem, version)
