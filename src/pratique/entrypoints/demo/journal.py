"""Tells the timeline what the engine does, step by step."""

import threading

from pratique.entrypoints.demo.timeline import Timeline
from pratique.model.digest import Digest, short
from pratique.model.reference import Reference

_QUIET = ("tell", "find workloads")  # steps that only write things down


class Journal:
    """The engine's observer: each finished step is a line of the timeline, under the image that it was done to."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._image: Reference | None = None
        self._lock = threading.Lock()

    def begin(self, image: Reference, digest: Digest, what: str) -> None:
        """A journey begins with a push of this image."""
        self._image = image
        self._timeline.step(what, f"{image} → {short(digest)}")

    def started(self, journey: str, step: str) -> None:
        """Nothing is said before it is done."""

    def finished(self, journey: str, step: str, seconds: float) -> None:
        """Say it."""
        if step.startswith(_QUIET):
            return
        _, _, healed = journey.partition("/heal/")
        with self._lock:
            self._timeline.step(step, healed or str(self._image or journey), seconds)
