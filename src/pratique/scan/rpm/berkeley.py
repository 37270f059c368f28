"""RPM's older database file, Packages: a hash table of Berkeley DB (its db_page.h), read page by page.

Only what RPM writes: hash pages with small values in place and large ones in chains of overflow pages. The pages are
taken in the file's order and no bucket is looked up, so a wrong hash or a lost bucket changes nothing.
"""

import struct
from collections.abc import Iterator

_MAGIC = 0x00061561
_META = struct.Struct("IIIIII")
_VERSIONS = range(7, 11)
_HASH_PAGES = frozenset({2, 13})  # not sorted, as RPM's 4.x to 4.5 left them, and sorted
_OVERFLOW = 7
_IN_PLACE, _OFF_PAGE = 1, 3
_HEADER = 26


def matches(content: bytes) -> bool:
    """Whether this is a hash table of Berkeley DB."""
    return content[12:16] in {_MAGIC.to_bytes(4, "little"), _MAGIC.to_bytes(4, "big")}


def values(content: bytes) -> Iterator[bytes | ValueError]:
    """Each value with a key other than 0, which counts the packages; or why one cannot be read.

    Raises ValueError for what is no such table.
    """
    table = _Table(content)
    for number in range(1, len(content) // table.page_size):
        page = table.page(number)
        if page[25] in _HASH_PAGES:
            yield from table.pairs(page, number)


class _Table:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.order = "<" if content[12:16] == _MAGIC.to_bytes(4, "little") else ">"
        if not matches(content) or len(content) < 72:
            raise ValueError("not a hash table of Berkeley DB")
        version, self.page_size = struct.unpack_from(self.order + "II", content, 16)
        if version not in _VERSIONS or not 512 <= self.page_size <= 65536 or self.page_size & (self.page_size - 1):
            raise ValueError(f"version {version} of Berkeley DB's hash tables with pages of {self.page_size} bytes")
        if content[24]:
            raise ValueError("it is encrypted")
        self.left = len(content) // self.page_size  # each overflow page belongs to one value

    def page(self, number: int) -> bytes:
        return self.content[number * self.page_size : (number + 1) * self.page_size]

    def pairs(self, page: bytes, number: int) -> Iterator[bytes | ValueError]:
        (count,) = struct.unpack_from(self.order + "H", page, 20)
        if _HEADER + 2 * count > self.page_size or count % 2:
            yield ValueError(f"page {number} is damaged: {count} entries")
            return
        offsets = struct.unpack_from(f"{self.order}{count}H", page, _HEADER)
        ends = (self.page_size, *offsets)
        for place in range(0, count, 2):
            try:
                key = self.item(page, offsets[place], ends[place])
                value = self.item(page, offsets[place + 1], ends[place + 1])
            except ValueError as error:
                yield ValueError(f"page {number}: {error}")
            else:
                if key.strip(b"\0"):
                    yield value

    def item(self, page: bytes, start: int, end: int) -> bytes:
        """One entry: entries lie from the page's end to its front, so that the one before bounds this one."""
        if not _HEADER <= start < end <= self.page_size:
            raise ValueError("an entry that isn't in its page")
        if page[start] == _IN_PLACE:
            return page[start + 1 : end]
        if page[start] != _OFF_PAGE or end - start < 12:
            raise ValueError(f"an entry of kind {page[start]}")
        return self.overflow(*struct.unpack_from(self.order + "II", page, start + 4))

    def overflow(self, number: int, size: int) -> bytes:
        parts = []
        while size > 0:
            page = self.page(number)
            self.left -= 1
            if self.left < 0 or len(page) < self.page_size or page[25] != _OVERFLOW:
                raise ValueError(f"a chain of pages that breaks off at page {number}")
            number, length = (*struct.unpack_from(self.order + "I", page, 16), *self.half(page, 22))
            if not 0 < length <= self.page_size - _HEADER:
                raise ValueError(f"an overflow page with {length} bytes")
            parts.append(page[_HEADER : _HEADER + min(length, size)])
            size -= length
        return b"".join(parts)

    def half(self, page: bytes, at: int) -> tuple[int]:
        (value,) = struct.unpack_from(self.order + "H", page, at)
        return (value,)
