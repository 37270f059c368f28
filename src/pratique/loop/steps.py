"""What a journey needs of the engine that carries it: named steps whose results outlive a crash.

A journey is a plain function `(steps, request) -> result`. It must do all its work inside `run`, and decide only by
its request and by results of earlier steps: a process killed anywhere then resumes where it was, repeating no finished
step.
`loop/flow.py` carries journeys durably; `Inline` here is the twin without durability, for tests and dry runs.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Steps(Protocol):
    """A journey's view of the engine."""

    journey: str

    def run(self, name: str, kind: type[T], act: Callable[[], T]) -> T:
        """Do `act` once and keep its result (anything msgspec encodes); afterwards return the kept result.

        `Unavailable` is tried again with growing pauses, every other error ends the journey. An act that was cut short
        is done again: acts are idempotent.
        """

    def spawn(self, journey: str, key: str, request: msgspec.Struct) -> None:
        """Start another journey, unless one with this key was started before."""

    def join(self, key: str, kind: type[T]) -> T:
        """Wait for a journey that was spawned and return its result."""


class Journey(Protocol):
    """A journey: `request` and the result are encoded by msgspec as JSON."""

    def __call__(self, steps: Steps, request: bytes, /) -> bytes:
        """Walk it to its end."""


class Observer(Protocol):
    """Is told of each step as it happens."""

    def started(self, journey: str, step: str) -> None:
        """A step begins; all steps before it are kept."""

    def finished(self, journey: str, step: str, seconds: float) -> None:
        """A step was done but isn't kept yet."""


class Silent:
    """The observer that does nothing."""

    def started(self, journey: str, step: str) -> None:
        """Ignore it."""

    def finished(self, journey: str, step: str, seconds: float) -> None:
        """Ignore it."""


class Inline:
    """Journeys carried in this process, at once, remembered nowhere else."""

    def __init__(self, journeys: Mapping[str, Journey], journey: str = "inline") -> None:
        self.journey = journey
        self._journeys = journeys
        self._results: dict[str, bytes] = {}

    def run(self, name: str, kind: type[T], act: Callable[[], T]) -> T:
        """Do it now; the result takes the same way through JSON as in the durable engine."""
        return msgspec.json.decode(msgspec.json.encode(act()), type=kind)

    def spawn(self, journey: str, key: str, request: msgspec.Struct) -> None:
        """Walk the other journey at once."""
        if key not in self._results:
            steps = Inline(self._journeys, key)
            steps._results = self._results
            self._results[key] = self._journeys[journey](steps, msgspec.json.encode(request))

    def join(self, key: str, kind: type[T]) -> T:
        """The result of a journey that was spawned."""
        return msgspec.json.decode(self._results[key], type=kind)
