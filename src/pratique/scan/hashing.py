"""A layer's diffID, computed while the tar streams by (OCI image-spec, config.md#layer-diffid)."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from pratique.model.digest import Digest, hasher
from pratique.model.errors import IntegrityError


class Running(Protocol):
    """A call under way in another thread."""

    def result(self) -> object:
        """Wait for it."""


Submit: TypeAlias = Callable[[Callable[[bytes], None], bytes], Running]  # an executor's submit()


class DiffId:
    """The digest that a tar must have. With `submit` a chunk is hashed beside the inflating of the next one."""

    def __init__(self, expected: Digest, submit: Submit | None = None) -> None:
        self._expected = expected
        self._hash = hasher(expected)
        self._submit = submit
        self._running: Running | None = None

    def add(self, chunk: bytes) -> None:
        """The next bytes of the tar."""
        if self._submit is None:
            self._hash.update(chunk)
            return
        self._wait()  # one at a time, since their order is the hash
        self._running = self._submit(self._hash.update, chunk)

    def check(self, name: str) -> None:
        """Raises IntegrityError when the bytes were not those of the expected digest."""
        self._wait()
        found = f"{self._expected.partition(':')[0]}:{self._hash.hexdigest()}"
        if found != self._expected:
            raise IntegrityError(f"{name}: its content is {found}, the config says {self._expected}")

    def _wait(self) -> None:
        if self._running:
            self._running.result()
