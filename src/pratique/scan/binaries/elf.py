"""The parts of an ELF file that we look at: its segments by the program headers, its sections by name (elf(5))."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from pratique.scan.binaries.parts import Sparse

MAGIC = b"\x7fELF"
HEAD = 4096  # bytes in which the program headers and the first notes of any linker's output are
_LOAD, _NOTE = 1, 4
_EXECUTE, _WRITE = 1, 2
_MOST_SECTIONS = 4096
_MOST_NAMES = 1024 * 1024  # bytes
_GO_NOTE = b"Go\0\0"


class Segment(NamedTuple):
    """A part of the file that is loaded to an address."""

    offset: int
    address: int
    size: int
    executable: bool
    writable: bool


class Elf:
    """What the first bytes say. Raises ValueError for what is no ELF file."""

    def __init__(self, head: bytes) -> None:
        if head[:4] != MAGIC or len(head) < 52 or head[4] not in {1, 2} or head[5] not in {1, 2}:
            raise ValueError("not an ELF file")
        self.order = "<" if head[5] == 1 else ">"
        self.wide = head[4] == 2
        if self.wide and len(head) < 64:
            raise ValueError("not an ELF file")
        self._head = head
        address = "QQQ" if self.wide else "III"
        fields = struct.unpack_from(f"{self.order}HHI{address}IHHHHHH", head, 16)
        _, _, _, _, self._programs, self.sections, _, _, self._program_size, self._program_count = fields[:10]
        self._section_size, self._section_count, self._names = fields[10:13]

    @property
    def is_go(self) -> bool:
        """Whether a note says that Go's linker, or another one for Go, wrote it."""
        return any(_GO_NOTE in note for note in self._notes())

    def segments(self, size: int) -> Iterator[Segment]:
        """The loaded segments, as far as they lie in a file of `size` bytes."""
        for kind, flags, offset, address, length in self._program_headers():
            if kind == _LOAD and offset < size and length:
                length = min(length, size - offset)
                yield Segment(offset, address, length, bool(flags & _EXECUTE), bool(flags & _WRITE))

    def section_table(self, size: int) -> tuple[int, int] | None:
        """The span of the section headers; None where there are none, or they aren't in the file."""
        length = self._section_count * self._section_size
        end = self.sections + length
        return (self.sections, end) if self.sections and length > 0 and end <= size else None

    def section(self, name: bytes, file: Sparse) -> bytes | None:
        """A section's content; None where there is none of this name, or it isn't among the known parts."""
        for its_name, offset, length in self._sections(file):
            if its_name == name:
                return file.get(offset, length)
        return None

    def section_names(self, file: Sparse) -> bytes | None:
        """The names of all sections, each ended by a NUL; None where they aren't among the known parts."""
        layout = self._section_layout()
        entry = file.get(self.sections + self._names * self._section_size, layout.size)
        if entry is None:
            return None
        _, _, _, _, offset, length = layout.unpack(entry)
        return file.get(offset, min(length, _MOST_NAMES))

    def _section_layout(self) -> struct.Struct:
        return struct.Struct(self.order + ("IIQQQQ" if self.wide else "IIIIII"))

    def _sections(self, file: Sparse) -> Iterator[tuple[bytes, int, int]]:
        layout = self._section_layout()
        table = file.get(self.sections, self._section_count * self._section_size)
        if table is None or self._section_size < layout.size or self._section_count > _MOST_SECTIONS:
            return
        entries = [layout.unpack_from(table, number * self._section_size) for number in range(self._section_count)]
        names = self.section_names(file) or b""
        for start, _, _, _, offset, length in entries:
            yield names[start : start + 64].partition(b"\0")[0], offset, length

    def _notes(self) -> Iterator[bytes]:
        for kind, _, offset, _, length in self._program_headers():
            if kind == _NOTE:
                yield self._head[offset : offset + min(length, HEAD)]

    def _program_headers(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Kind, flags, offset, address and size in the file of each header that lies in the head."""
        layout = struct.Struct(self.order + ("IIQQQQ" if self.wide else "IIIIIII"))
        if self._program_size < layout.size:
            return
        for number in range(min(self._program_count, HEAD // self._program_size)):
            at = self._programs + number * self._program_size
            if at + layout.size > len(self._head):
                return
            fields = layout.unpack_from(self._head, at)
            if self.wide:
                yield fields[0], fields[1], fields[2], fields[3], fields[5]
            else:
                yield fields[0], fields[6], fields[1], fields[2], fields[4]
