"""RPM's own database file, Packages.db, SUSE's default (rpm, lib/backend/ndb/rpmpkg.c): slots that point to blobs."""

import struct
import zlib
from collections.abc import Iterator

MAGIC = b"RpmP"
_HEADER = struct.Struct("<4sIII")  # magic, version, generation, pages of slots
_SLOT = struct.Struct("<4sIII")  # magic, package, block, blocks
_HEAD = struct.Struct("<4sIII")  # magic, package, generation, length
_TAIL = struct.Struct("<II4s")  # adler32 of all before it, length, magic
_PAGE, _BLOCK, _HEADER_SIZE = 4096, 16, 32


def blobs(content: bytes) -> Iterator[bytes | ValueError]:
    """Each package's header blob, or why that one cannot be read. Raises ValueError for what is no such file."""
    magic, version, _, pages = _HEADER.unpack_from(content.ljust(_HEADER_SIZE, b"\0"))
    if magic != MAGIC or version != 0:
        raise ValueError(f"not RPM's own database, or of an unknown version ({version})")
    if not 0 < pages * _PAGE <= len(content):
        raise ValueError(f"{pages} pages of slots in {len(content)} bytes")
    left = len(content)
    for slot, package, block, count in _SLOT.iter_unpack(content[_HEADER_SIZE : pages * _PAGE]):
        if slot != b"Slot":
            yield ValueError("a damaged slot")
            return
        if package:
            left -= count * _BLOCK
            if left < 0:
                raise ValueError("its slots claim more than the file holds")
            yield _blob(content, package, block * _BLOCK, count * _BLOCK)


def _blob(content: bytes, package: int, start: int, size: int) -> bytes | ValueError:
    end = start + size - _TAIL.size
    if start + size > len(content) or size < _HEAD.size + _TAIL.size:
        return ValueError(f"package {package} points outside of the file")
    head, its_package, _, length = _HEAD.unpack_from(content, start)
    checksum, again, tail = _TAIL.unpack_from(content, end)
    if head != b"BlbS" or tail != b"BlbE" or its_package != package or length != again:
        return ValueError(f"package {package} is damaged")
    if start + _HEAD.size + length > end or zlib.adler32(memoryview(content)[start:end]) != checksum:
        return ValueError(f"package {package} is damaged: its checksum is wrong")
    return content[start + _HEAD.size : start + _HEAD.size + length]
