"""A program that passes by in a layer: which parts of it to keep, and what these tell."""

from collections.abc import Callable, Iterator

from pratique.scan.binaries import evidence, go, other, rust
from pratique.scan.binaries.elf import HEAD, MAGIC, Elf
from pratique.scan.binaries.parts import Sparse
from pratique.scan.found import Found, Items, Problem, bounded
from pratique.scan.tar import Parts

MOST = 16 * 1024 * 1024  # bytes kept of a program: data and constants, hardly ever so many
_NAMES = 4 * 1024 * 1024  # bytes before the section headers: lld puts the symbols' names between them and the sections'
_TABLE = 256 * 1024  # bytes of section headers

Span = tuple[int, int]


def spans(path: str, size: int, peek: Callable[[int], bytes]) -> list[Span]:
    """The parts to keep, as start and end, in order and apart; none for what is no program or tells nothing."""
    start = peek(4)
    if start == MAGIC:
        return _elf_spans(path, size, peek(HEAD))
    if other.is_pe(start):
        return _joined([(0, HEAD), *_within(other.pe_spans(peek(HEAD)), size)], size)
    if other.is_mach(start):
        return _joined([(0, HEAD), *_within(other.mach_spans(peek(HEAD)), size)], size)
    return []


def _elf_spans(path: str, size: int, head: bytes) -> list[Span]:
    try:
        elf = Elf(head)
    except ValueError:
        return []
    known = evidence.known(path)
    segments = [one for one in elf.segments(size) if known or not one.executable]
    first = sorted(segments, key=lambda one: (not one.writable, one.executable, one.offset))
    found = [(0, min(HEAD, size)), *_within(((one.offset, one.size) for one in first), size)]
    table = None if elf.is_go else elf.section_table(size)
    if table:
        ends = (one.offset + one.size for one in elf.segments(size))  # patchelf appends a segment behind the table
        start = max(table[0] - _NAMES, max((end for end in ends if end <= table[0]), default=0))
        found.append((start, min(table[1], table[0] + _TABLE)))
    return _joined(found, size)


def _within(pairs: "Iterator[Span] | list[Span]", size: int) -> Iterator[Span]:
    """Offsets and sizes as spans in the file, as many as may be kept."""
    left = MOST
    for offset, length in pairs:
        end = min(offset + min(length, left), size)
        if offset < end:
            left -= end - offset
            yield offset, end


def _joined(found: list[Span], size: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(found):
        end = min(end, size)
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def parse(path: str, size: int, parts: Parts) -> Items:
    """The packages that the kept parts name."""
    return tuple(bounded(_parse(path, Sparse(size, parts))))


def _parse(path: str, file: Sparse) -> Iterator[Found | Problem]:
    head = file.up_to(0, HEAD)
    try:
        elf = Elf(head)
    except ValueError:  # PE or Mach-O: Go's programs only
        yield from go.parse(file, lambda _address, _size: None)
        return
    if elf.is_go:
        yield from go.parse(file, _memory(elf, file))
        return
    names = elf.section_names(file) if elf.section_table(file.size) else b""
    if names is None:
        yield Problem(f"the names of its sections are not in the {_NAMES} bytes before their table")
    elif rust.SECTION + b"\0" in names:
        section = elf.section(rust.SECTION, file)
        if section is not None:
            yield from rust.parse(section)
        else:
            yield Problem(f"its list of crates is not among the {MOST} bytes that are read of a program")
    if evidence.known(path) and (found := evidence.parse(path, file)):
        yield found


def _memory(elf: Elf, file: Sparse) -> Callable[[int, int], bytes | None]:
    segments = list(elf.segments(file.size))

    def read(address: int, size: int) -> bytes | None:
        for one in segments:
            if one.address <= address and address + size <= one.address + one.size:
                return file.get(one.offset + address - one.address, size)
        return None

    return read
