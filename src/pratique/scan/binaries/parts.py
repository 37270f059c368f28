"""Some parts of a file, found again by their offset."""

from collections.abc import Iterator

from pratique.scan.tar import Parts


class Sparse:
    """A file of `size` bytes, of which only some parts are known."""

    def __init__(self, size: int, parts: Parts) -> None:
        self.size = size
        self._parts = parts

    def get(self, offset: int, size: int) -> bytes | None:
        """These bytes; None where they aren't all known or reach beyond the file."""
        for start, data in self._parts:
            if start <= offset and offset + size <= start + len(data) and size >= 0:
                return data[offset - start : offset - start + size]
        return None

    def up_to(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from here, as far as they are known."""
        for start, data in self._parts:
            if start <= offset < start + len(data):
                return data[offset - start : offset - start + size]
        return b""

    def find(self, needle: bytes, alignment: int = 1) -> int | None:
        """The offset of the first occurrence that lies at a multiple of `alignment` in the file."""
        for start, data in self._parts:
            at = data.find(needle)
            while at >= 0:
                if (start + at) % alignment == 0:
                    return start + at
                at = data.find(needle, at + 1)
        return None

    def __iter__(self) -> Iterator[bytes]:
        return (data for _, data in self._parts)
