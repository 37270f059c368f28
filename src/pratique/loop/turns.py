"""One at a time: journeys that change the same thing wait for each other, in this process.

What must outlive the process is not here: a journey that is taken up again takes its turn again, and looks anew at
where things stand (`heal.py`, "aim").
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Turns by name. Whoever has a turn may take it again: a journey that is walked inside another one's (`Inline`)."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turns: dict[str, tuple[threading.RLock, int]] = {}

    @contextmanager
    def take(self, name: object) -> Iterator[None]:
        """Wait until nobody else has this turn, and have it."""
        lock = self._enter(str(name))
        try:
            with lock:
                yield
        finally:
            self._leave(str(name))

    def _enter(self, name: str) -> threading.RLock:
        with self._guard:
            lock, users = self._turns.get(name) or (threading.RLock(), 0)
            self._turns[name] = lock, users + 1
            return lock

    def _leave(self, name: str) -> None:
        with self._guard:
            lock, users = self._turns.pop(name)
            if users > 1:
                self._turns[name] = lock, users - 1
