"""The entries of a zip archive, zip64 too, by its central directory (PKWARE's APPNOTE 6.3, 4.3).

zipfile from the standard library makes an object of each entry, of which a hostile archive may have millions; here a
caller picks by name while the directory is read.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_END = struct.Struct("<4s4HIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_COMMENT = 65535
MOST_ENTRIES = 500_000
_STORED, _DEFLATED = 0, 8
_WIDE = 0xFFFFFFFF


class Entry(NamedTuple):
    """One entry: its name, where its local header is, and its sizes as the directory has them."""

    name: str
    offset: int
    packed: int
    size: int
    method: int
    encrypted: bool


class Zip:
    """An archive in memory. Raises ValueError where there is no central directory."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)
        self._start, self._end, self._shift = self._directory(content)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, in the directory's order. Raises ValueError where it is damaged."""
        at, count = self._start, 0
        while at + _ENTRY.size <= self._end:
            fields = _ENTRY.unpack_from(self._content, at)
            if fields[0] != b"PK\1\2":
                raise ValueError("its central directory is damaged")
            if (count := count + 1) > MOST_ENTRIES:
                raise ValueError(f"more than {MOST_ENTRIES} entries")
            names_at, extra_at = at + _ENTRY.size, at + _ENTRY.size + fields[10]
            at = extra_at + fields[11] + fields[12]
            name = bytes(self._content[names_at:extra_at]).decode("utf-8", "replace")
            packed, size, offset = fields[8], fields[9], fields[16]
            if _WIDE in {packed, size, offset}:
                size, packed, offset = _wide(self._content[extra_at : extra_at + fields[11]], size, packed, offset)
            yield Entry(name, offset, packed, size, fields[4], bool(fields[3] & 1))

    def read(self, entry: Entry, most: int) -> bytes:
        """An entry's content. Raises ValueError where it is damaged, or larger than `most` bytes."""
        at = entry.offset + self._shift
        if entry.size > most:
            raise ValueError(f"{entry.size} bytes, more than the {most} that are left for it")
        if not 0 <= at <= len(self._content) - 30 or bytes(self._content[at : at + 4]) != b"PK\3\4":
            raise ValueError("its header is not where the directory says")
        name, extra = struct.unpack_from("<HH", self._content, at + 26)
        start = at + 30 + name + extra
        packed = self._content[start : start + entry.packed]
        if len(packed) < entry.packed or entry.encrypted or entry.method not in {_STORED, _DEFLATED}:
            raise ValueError(_why_not(entry))
        if entry.method == _STORED:
            return bytes(packed[:most])
        try:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            content = inflate.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise ValueError(f"damaged compressed data: {error}") from None
        if len(content) != entry.size:
            raise ValueError("its size is not what the directory says")
        return content

    def _directory(self, content: bytes) -> tuple[int, int, int]:
        """Start and end of the directory, and how far all offsets are off: programs are put in front of archives."""
        end = content.rfind(b"PK\5\6", max(len(content) - _COMMENT - _END.size, 0))
        if end < 0 or end + _END.size > len(content):
            raise ValueError("it has no central directory")
        *_, size, offset, _ = _END.unpack_from(content, end)
        before = end
        locator = end - _LOCATOR.size
        if locator >= 0 and content[locator : locator + 4] == b"PK\6\7":
            before = _LOCATOR.unpack_from(content, locator)[2]
            if content[before : before + 4] != b"PK\6\6":
                before = content.rfind(b"PK\6\6", 0, locator)  # moved by what was put in front
            if before < 0 or before + _END64.size > len(content):
                raise ValueError("its zip64 directory is not where it says")
            *_, size, offset = _END64.unpack_from(content, before)
        start = before - size
        if start < 0 or offset > start:
            raise ValueError("its central directory is not where it says")
        return start, before, start - offset


def _wide(extra: memoryview, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The sizes and the offset where the zip64 field holds those that did not fit."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        values = bytes(extra[at + 4 : at + 4 + length])
        if kind == 1:
            numbers = iter(struct.unpack(f"<{len(values) // 8}Q", values[: len(values) // 8 * 8]))
            fields = [next(numbers, value) if value == _WIDE else value for value in (size, packed, offset)]
            return fields[0], fields[1], fields[2]
        at += 4 + length
    return size, packed, offset


def _why_not(entry: Entry) -> str:
    if entry.encrypted:
        return "it is encrypted"
    return "it is cut off" if entry.method in {_STORED, _DEFLATED} else f"compressed by method {entry.method}"
