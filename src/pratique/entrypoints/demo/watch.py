"""Watches `pratique serve` from outside, by its events."""

import json
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime

import msgspec

from pratique.model.errors import PratiqueError, Unavailable
from pratique.store.events import Event

_PAUSE = 0.1  # seconds
Show = Callable[[str, str, str], None]


class Watch:
    """The events of a running `pratique serve`. What happened before `mark()` counts no more."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._passed = 0

    def mark(self) -> None:
        """Forget what happened so far."""
        self._passed = len(self._all())

    def events(self) -> list[Event]:
        """What happened since the mark, oldest first."""
        return self._all()[self._passed :]

    def until(
        self, wanted: Callable[[Event], bool], what: str, patience: float = 120.0, show: Show | None = None
    ) -> Event:
        """Wait for an event, and show each on the way. Raises PratiqueError when it takes too long."""
        end, shown = time.monotonic() + patience, 0
        while True:
            events = self.events()
            for event in events[shown:]:
                if show:
                    show(event.kind, event.subject, event.message)
                if wanted(event):
                    return event
            shown = len(events)
            if time.monotonic() > end:
                last = f"the last was {events[-1].kind}: {events[-1].message}" if events else "nothing happened"
                raise PratiqueError(f"waited {patience:.0f} s for {what}; {last}", "see serve.log in the demo's folder")
            time.sleep(_PAUSE)

    def last(self, wanted: Callable[[Event], bool]) -> Event | None:
        """The newest such event."""
        return next((event for event in reversed(self.events()) if wanted(event)), None)

    def when(self, kind: str, subject: str) -> datetime | None:
        """When something first happened to a subject (or one that begins so)."""
        found = next((e for e in self.events() if e.kind == kind and e.subject.startswith(subject)), None)
        return datetime.fromisoformat(found.at) if found else None

    def _all(self) -> list[Event]:
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310 - our own loopback address
                return [msgspec.convert(each, Event) for each in json.load(answer)]
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"pratique serve does not answer ({error})", "see serve.log in the demo's folder"
            ) from None
