"""A layer's blob as the tar that it holds: inflated in bounded memory and hashed once, on the way through.

The compression is told by the first bytes, as Docker and containerd do: media types are known to lie. The sha256 of the
tar is the layer's diffID (OCI image-spec, config.md#layer-diffid).
"""

import io
from typing import Any, BinaryIO, Protocol, cast

from pratique.model.errors import InvalidData, Unavailable
from pratique.scan.hashing import DiffId

CHUNK = 512 * 1024
TAR_LIMIT = 128 * 1024**3  # bytes; more than any layer that a registry takes, so that a bomb ends
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # after one byte 0x50-0x5f (RFC 8878, 3.1.2)
_OTHERS = {b"\xfd7zX": "xz", b"BZh": "bzip2", b"\x04\x22\x4d\x18": "lz4"}


Damages = tuple[type[Exception], ...]  # what a decompressor raises for data that it cannot make sense of


class Readable(Protocol):
    """Something to read bytes from."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Tar:
    """The bytes of a layer's tar, taken in order.

    `name` is how messages call the layer. Raises InvalidData for a damaged or truncated stream, Unavailable when the
    blob's own stream fails with an OSError; PratiqueErrors of that stream pass through.
    """

    def __init__(self, blob: BinaryIO, name: str, media_type: str = "", diff_id: DiffId | None = None) -> None:
        self.name = name
        self._diff_id = diff_id
        self._chunk = b""
        self._at = 0
        self._before = 0
        self._blob = blob
        self._damages: Damages = ()
        self._stream = self._opened(media_type)

    @property
    def offset(self) -> int:
        """How many bytes of the tar were taken."""
        return self._before + self._at

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises InvalidData when the tar ends before."""
        end = self._at + size
        if end <= len(self._chunk):
            data = self._chunk[self._at : end]
            self._at = end
            return data
        data = self.take_up_to(size)
        if len(data) < size:
            raise self.damaged("the tar ends in the middle")
        return data

    def take_up_to(self, size: int) -> bytes:
        """`size` bytes, or fewer at the end."""
        parts = []
        while size and (self._at < len(self._chunk) or self._advance()):
            part = self._chunk[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end, which stay to be taken."""
        while len(self._chunk) - self._at < size:
            rest = self._chunk[self._at :]
            self._before += self._at
            self._at = 0
            more = self._fetch()
            self._chunk = rest + more
            if not more:
                break
        return self._chunk[self._at : self._at + size]

    def skip(self, size: int) -> None:
        """Pass over `size` bytes. Raises InvalidData when the tar ends before."""
        while size > (left := len(self._chunk) - self._at):
            size -= left
            if not self._advance():
                raise self.damaged("the tar ends in the middle")
        self._at += size

    def finish(self) -> None:
        """Read to the end and compare. Raises IntegrityError when the content isn't what the diffID says."""
        while self._advance():
            pass
        self._drain()
        if self._diff_id:
            self._diff_id.check(self.name)

    def damaged(self, why: str) -> InvalidData:
        """The error to raise for this layer, with where we are."""
        return InvalidData(f"{self.name}: {why} (at byte {self.offset} of the tar)")

    def _advance(self) -> bool:
        self._before += len(self._chunk)
        self._at = 0
        self._chunk = b""
        self._chunk = self._fetch()
        return bool(self._chunk)

    def _fetch(self) -> bytes:
        chunk = self._read(self._stream, CHUNK)
        if self._before > TAR_LIMIT:
            raise self.damaged(f"more than {TAR_LIMIT} bytes of tar")
        if self._diff_id and chunk:
            self._diff_id.add(chunk)
        return chunk

    def _read(self, stream: Readable, size: int) -> bytes:
        try:
            return stream.read(size)
        except EOFError:
            raise self.damaged("the compressed data is truncated") from None
        except self._damages as error:
            raise self.damaged(f"damaged compressed data: {error}") from None
        except OSError as error:
            raise Unavailable(f"{self.name}: cannot be read: {error}") from error

    def _drain(self) -> None:
        while self._read(self._blob, CHUNK):  # a verifying stream has its say only at its end
            pass

    def _opened(self, media_type: str) -> Readable:
        head = self._read(self._blob, 4)
        while 0 < len(head) < 4 and (more := self._read(self._blob, 4 - len(head))):
            head += more
        for magic, word in _OTHERS.items():
            if head.startswith(magic):
                raise InvalidData(f"{self.name}: compressed with {word}, which no image layer may be")
        whole = cast("BinaryIO", io.BufferedReader(_Rejoined(head, self._blob), CHUNK))
        if head.startswith(_GZIP):
            stream, self._damages = _gzip(whole)
        elif head == _ZSTD or head[1:] == _ZSTD_SKIPPABLE:
            stream, self._damages = _zstd(whole)
        elif not head and media_type.endswith(("gzip", "zstd")):
            raise InvalidData(f"{self.name}: empty, but its media type is {media_type[:100]}")
        else:
            stream = whole
        return stream


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data, self._head = (self._head, b"") if self._head else (self._rest.read(len(buffer)), b"")
        buffer[: len(data)] = data
        return len(data)


def _gzip(blob: BinaryIO) -> tuple[Readable, Damages]:
    import gzip

    from isal import igzip, isal_zlib

    stream = cast("Readable", cast("Any", igzip).open(blob, "rb"))
    return stream, (gzip.BadGzipFile, cast("type[Exception]", isal_zlib.error))


def _zstd(blob: BinaryIO) -> tuple[Readable, Damages]:
    import sys

    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdFile(blob), (zstd.ZstdError,)
