"""The verifying stream: every byte that passes is checked against the digest and size that were promised."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn, Protocol, cast

from pratique.model.descriptor import Descriptor
from pratique.model.digest import hasher
from pratique.model.errors import IntegrityError, InvalidData

CHUNK = 1024 * 1024  # bytes


class Source(Protocol):
    """Whatever bytes come from."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class VerifyingStream(io.BufferedIOBase):
    """Reads `source` as the blob `descriptor`.

    The last byte is only handed out once the whole blob is known to be right; a blob that is too short, too long or
    different raises IntegrityError instead, and goes on raising it.
    """

    def __init__(self, source: Source, descriptor: Descriptor) -> None:
        super().__init__()
        self._source = source
        self._descriptor = descriptor
        self._hash = hasher(descriptor.digest)
        self._left = descriptor.size
        self._checked = False
        self._failure = ""

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's: exactly `size` bytes unless the blob ends before, all that is left when negative."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        chunks: list[bytes] = []
        while wanted > 0:
            chunk = self._next(min(wanted, CHUNK))
            chunks.append(chunk)
            wanted -= len(chunk)
        if self._left == 0:
            self._finish()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def read1(self, size: int = -1, /) -> bytes:
        """As a file's: what one read brings."""
        wanted = min(CHUNK if size < 0 else size, self._left)
        chunk = self._next(wanted) if wanted else b""
        if self._left == 0:
            self._finish()
        return chunk

    def _next(self, size: int) -> bytes:
        chunk = b"" if self._failure else self._source.read(size)
        if not chunk:
            got = self._descriptor.size - self._left
            self._fail(f"{self._descriptor.digest} ended after {got} of {self._descriptor.size} bytes")
        self._hash.update(chunk)
        self._left -= len(chunk)
        return chunk

    def _finish(self) -> None:
        if self._checked:
            return
        if self._failure or self._source.read(1):
            self._fail(f"{self._descriptor.digest} is longer than the {self._descriptor.size} bytes promised")
        found = f"{self._descriptor.digest.partition(':')[0]}:{self._hash.hexdigest()}"
        if found != self._descriptor.digest:
            self._fail(f"got {found} instead of {self._descriptor.digest}")
        self._checked = True

    def _fail(self, what: str) -> NoReturn:
        self._failure = self._failure or what
        raise IntegrityError(self._failure)


@contextmanager
def verified(source: BinaryIO, descriptor: Descriptor) -> Iterator[BinaryIO]:
    """The source as a verifying stream; closes it at the end."""
    with source:
        yield cast("BinaryIO", VerifyingStream(source, descriptor))


def copy_verified(descriptor: Descriptor, content: Source, write: Callable[[bytes], object]) -> None:
    """Pass all of the blob to `write`, chunk by chunk. Raises IntegrityError, before the last chunk is passed."""
    stream = VerifyingStream(content, descriptor)
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return
        write(chunk)


def read_small(stream: BinaryIO, descriptor: Descriptor, limit: int, name: str) -> bytes:
    """The whole blob from its verifying stream. Raises InvalidData, before reading, when it is larger than `limit`."""
    if descriptor.size > limit:
        raise InvalidData(f"{name}: {descriptor.digest} has {descriptor.size} bytes", f"the limit is {limit}")
    return stream.read()
