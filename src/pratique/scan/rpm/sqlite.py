"""Read one table of an SQLite file, page by page (the SQLite file format, sqlite.org/fileformat2.html).

The engine never sees the file: a view, a trigger or a schema made to harm is so many bytes that nobody runs.
"""

from collections.abc import Iterator
from typing import TypeAlias

MAGIC = b"SQLite format 3\0"
_INTERIOR, _LEAF = 5, 13
_DEPTH = 24
_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8}
_MOST_PAGES = 1_000_000
_LARGEST = 64 * 1024 * 1024  # bytes of one row; RPM's largest headers have a few

Value: TypeAlias = int | float | bytes | None


def rows(content: bytes, table: str) -> Iterator[list[Value]]:
    """The rows of this table, text as its bytes. Raises ValueError where the file is damaged or has no such table."""
    database = _Database(content)
    for kind, name, _, root, *_ in database.table(1):
        if kind == b"table" and name == table.encode() and isinstance(root, int):
            yield from database.table(root)
            return
    raise ValueError(f"it has no table {table}")


class _Database:
    def __init__(self, content: bytes) -> None:
        if content[:16] != MAGIC or len(content) < 512:
            raise ValueError("not an SQLite database")
        size = int.from_bytes(content[16:18], "big")
        self.page_size = 65536 if size == 1 else size
        if self.page_size < 512 or self.page_size & (self.page_size - 1):
            raise ValueError(f"pages of {self.page_size} bytes")
        self.usable = self.page_size - content[20]
        if self.usable < 480:
            raise ValueError(f"{self.usable} bytes to use in a page")
        self.content = content
        self.read = 0

    def page(self, number: int) -> bytes:
        start = (number - 1) * self.page_size
        self.read += 1
        if number < 1 or start + self.page_size > len(self.content):
            raise ValueError(f"page {number} is not in the file")
        if self.read > _MOST_PAGES or self.read > 2 * len(self.content) // self.page_size + 8:
            raise ValueError("its pages are linked in a circle")
        return self.content[start : start + self.page_size]

    def table(self, root: int, depth: int = 0) -> Iterator[list[Value]]:
        page = self.page(root)
        at = 100 if root == 1 else 0
        kind, count = page[at], int.from_bytes(page[at + 3 : at + 5], "big")
        if kind not in {_INTERIOR, _LEAF} or depth > _DEPTH:
            raise ValueError(f"page {root} is not of a table")
        start = at + (12 if kind == _INTERIOR else 8)
        for place in range(start, min(start + 2 * count, self.page_size - 1), 2):
            cell = int.from_bytes(page[place : place + 2], "big")
            if kind == _LEAF:
                yield self.row(page, cell)
            else:
                yield from self.table(int.from_bytes(page[cell : cell + 4], "big"), depth + 1)
        if kind == _INTERIOR:
            yield from self.table(int.from_bytes(page[at + 8 : at + 12], "big"), depth + 1)

    def row(self, page: bytes, cell: int) -> list[Value]:
        size, at = _varint(page, cell)
        rowid, at = _varint(page, at)
        if size > min(_LARGEST, len(self.content)):
            raise ValueError(f"a row of {size} bytes")
        return [rowid if value is None else value for value in _record(self.payload(page, at, size))]

    def payload(self, page: bytes, at: int, size: int) -> bytes:
        local = size
        if size > self.usable - 35:
            least = (self.usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (self.usable - 4)
            local = local if local <= self.usable - 35 else least
        parts = [page[at : at + local]]
        following = int.from_bytes(page[at + local : at + local + 4], "big")
        left = size - local
        while left > 0:
            more = self.page(following)
            following = int.from_bytes(more[:4], "big")
            parts.append(more[4 : 4 + min(left, self.usable - 4)])
            left -= self.usable - 4
        return b"".join(parts)


def _record(payload: bytes) -> Iterator[Value]:
    end, at = _varint(payload, 0)
    place = end
    while at < min(end, len(payload)):
        kind, at = _varint(payload, at)
        size = (kind - 12) // 2 if kind >= 12 else _SIZES.get(kind, 0)
        value = payload[place : place + size]
        if len(value) < size:
            raise ValueError("a row that is cut off")
        place += size
        if kind >= 12:
            yield value
        elif kind in {8, 9}:
            yield kind - 8
        else:
            yield int.from_bytes(value, "big", signed=True) if kind in _SIZES else None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for number, byte in enumerate(data[at : at + 9]):
        if number == 8:
            return (value << 8 | byte), at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + number + 1
    raise ValueError("a number that is cut off")
