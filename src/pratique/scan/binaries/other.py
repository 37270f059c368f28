"""Windows' PE and Apple's Mach-O: where their data lies, for programs of these systems that an image carries along."""

import struct

HEAD = 4096
_MACH = {b"\xcf\xfa\xed\xfe": "<", b"\xfe\xed\xfa\xcf": ">"}
_SEGMENT_64 = 0x19
_EXECUTE_PE = 0x20000000
_EXECUTE_MACH = 4


def is_pe(head: bytes) -> bool:
    """Whether this begins a PE file."""
    return head.startswith(b"MZ")


def is_mach(head: bytes) -> bool:
    """Whether this begins a Mach-O file for one 64-bit processor."""
    return head[:4] in _MACH


def pe_spans(head: bytes) -> list[tuple[int, int]]:
    """Offset and size of the sections that aren't code (PE format, section table)."""
    try:
        (start,) = struct.unpack_from("<I", head, 0x3C)
        if head[start : start + 4] != b"PE\0\0":
            return []
        count, optional = struct.unpack_from("<H12xH", head, start + 6)
        table = start + 24 + optional
        found = []
        for number in range(min(count, 96)):
            size, offset, flags = struct.unpack_from("<16xII12xI", head, table + 40 * number)
            if size and not flags & _EXECUTE_PE:
                found.append((offset, size))
    except struct.error:
        return []
    return found


def mach_spans(head: bytes) -> list[tuple[int, int]]:
    """Offset and size of the segments that aren't code (mach-o/loader.h)."""
    order = _MACH[head[:4]]
    found = []
    try:
        (count,) = struct.unpack_from(order + "I", head, 16)
        at = 32
        for _ in range(min(count, 128)):
            command, length = struct.unpack_from(order + "II", head, at)
            if command == _SEGMENT_64:
                offset, size, _, first = struct.unpack_from(order + "QQII", head, at + 40)
                if size and not first & _EXECUTE_MACH and offset:
                    found.append((offset, size))
            at += max(length, 8)
    except struct.error:
        return found
    return found
