"""Tells the timeline what the engine did, one line an image."""

import threading

from pratique.entrypoints.demo.timeline import Timeline

_QUIET = ("tell", "find workloads")  # steps that only write things down


class Journal:
    """The engine's observer: collects the steps of each journey until they are told."""

    def __init__(self) -> None:
        self._done: dict[str, list[tuple[str, float]]] = {}
        self._lock = threading.Lock()

    def started(self, journey: str, step: str) -> None:
        """Nothing is said before it is done."""

    def finished(self, journey: str, step: str, seconds: float) -> None:
        """Remember it."""
        if not step.startswith(_QUIET):
            with self._lock:
                self._done.setdefault(journey, []).append((step, seconds))

    def tell(self, timeline: Timeline, journey: str, subject: str) -> None:
        """Say what was done on a journey, and forget it."""
        with self._lock:
            done = self._done.pop(journey, [])
        if done:
            timeline.steps(subject, done)
