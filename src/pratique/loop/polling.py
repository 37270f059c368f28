"""When to ask a registry what a tag names. Pure: times come in (seconds of any steady clock), nothing is asked here.

A tag is asked for once an interval, spread by jitter. Each registry has a budget of requests, kept as a least gap
between two of them, so that many tags make each rarer instead of the registry busier: with `n` tags on one registry a
change is seen after at most `max(interval, n * 60 / per_minute)` seconds, a tenth more for jitter, and what a registry
asks us to wait. A registry that says "not now" is left alone until the time it names.
"""

from collections.abc import Callable, Iterable

from pratique.model.reference import Reference


class Schedule:
    """Which tag is next. `interval` is in seconds, `per_minute` requests to one registry; `jitter` gives 0.0 to 1.0."""

    def __init__(self, jitter: Callable[[], float], *, interval: float = 300.0, per_minute: float = 60.0) -> None:
        self._jitter = jitter
        self._interval = interval
        self._gap = 60.0 / per_minute
        self._due: dict[Reference, float] = {}
        self._free: dict[str, float] = {}

    def track(self, references: Iterable[Reference], now: float) -> None:
        """Ask for exactly these from now on; a new one is due at once."""
        wanted = set(references)
        self._due = {reference: self._due.get(reference, now) for reference in sorted(wanted)}

    def take(self, now: float) -> Reference | None:
        """The tag that has been due longest and whose registry may be asked now; it is due again an interval later."""
        busy = {registry for registry, moment in self._free.items() if moment > now}
        ready = [(due, each) for each, due in self._due.items() if due <= now and each.registry not in busy]
        if not ready:
            return None
        _, reference = min(ready)
        self._due[reference] = now + self._interval * (1.0 + 0.1 * self._jitter())
        self._free[reference.registry] = now + self._gap
        return reference

    def pause(self, reference: Reference, now: float, seconds: float) -> None:
        """Leave the tag's registry alone for so long, then ask for this tag first."""
        self._free[reference.registry] = max(self._free.get(reference.registry, 0.0), now + seconds)
        self._due[reference] = now

    def wait(self, now: float) -> float:
        """Seconds until something may be asked; an interval where nothing is tracked."""
        moments = (max(due, self._free.get(each.registry, 0.0)) for each, due in self._due.items())
        return max(0.0, min(moments, default=now + self._interval) - now)
