"""Watches tags whose registries tell us nothing, by asking: a HEAD for each, and a journey for each change."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from pratique.loop.polling import Schedule
from pratique.loop.requests import Push
from pratique.model.digest import Digest
from pratique.model.errors import PratiqueError, Unavailable
from pratique.model.reference import Reference
from pratique.registry.repository import Registry

log = logging.getLogger(__name__)
_RETRACK = 30.0  # seconds until what is to be watched is asked again
_TROUBLE = 60.0  # seconds that a registry which doesn't answer is left alone, where it names no time itself


class Watcher:
    """Asks on a schedule until it is stopped; run it in a thread of its own.

    `tracked` says which tags to watch, asked again and again; `start` begins a push's journey under a key. Every tag
    begins one journey when it is first seen, which ends at once where nothing is new.
    """

    def __init__(
        self,
        registry: Registry,
        schedule: Schedule,
        tracked: Callable[[], Iterable[Reference]],
        start: Callable[[str, Push], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._schedule = schedule
        self._tracked = tracked
        self._start = start
        self._clock = clock
        self._seen: dict[Reference, Digest] = {}
        self._retrack = 0.0

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            stop.wait(min(self.step(), _RETRACK))

    def step(self) -> float:
        """Ask for what is due; returns the seconds until there is something to do again."""
        now = self._clock()
        if now >= self._retrack:
            self._schedule.track(self._tracked(), now)
            self._retrack = now + _RETRACK
        while reference := self._schedule.take(self._clock()):
            self._look(reference)
        return self._schedule.wait(self._clock())

    def _look(self, reference: Reference) -> None:
        try:
            digest = self._registry.repository(reference).resolve(reference.target).digest
            if digest != self._seen.get(reference):
                # the time makes a tag that goes back and forth one journey each time
                self._start(f"poll/{reference}/{digest}/{self._clock():.3f}", Push(reference, digest))
                self._seen[reference] = digest
        except Unavailable as error:
            self._schedule.pause(reference, self._clock(), error.retry_after or _TROUBLE)
            log.warning("%s cannot be watched now: %s", reference, error)
        except PratiqueError as error:
            log.warning("%s cannot be watched: %s", reference, error)
