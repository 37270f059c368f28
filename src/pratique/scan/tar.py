"""The members of a tar, read from its 512-byte headers in one pass; content only of the files that are asked for.

Formats: ustar and v7 (POSIX.1-1988), pax (POSIX.1-2001: path, linkpath, size; per file and global), and GNU's long
names, long links, base-256 numbers and sparse files. Where readers differ we side with Go's archive/tar, since that
is what containerd, Docker and Podman unpack layers with. tarfile from the standard library takes five times as long.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import TypeAlias

import msgspec

from pratique.scan.decompress import Tar
from pratique.scan.paths import normal

BLOCK = 512
_EXTENSION_LIMIT = 1024 * 1024  # bytes of a pax header or long name, Go's limit too
_SIZE_LIMIT = 1 << 53
_ZERO = bytes(BLOCK)
SMALLEST = 4096  # bytes of a program worth a look
_EXECUTABLE = frozenset(b"1357")


# (offset, bytes) of parts of a file, in order
Parts: TypeAlias = tuple[tuple[int, bytes], ...]
# `(path, size, peek)` gives the spans of a program, in order and apart, that are wanted; `peek(n)` shows its beginning
Examine: TypeAlias = Callable[[str, int, Callable[[int], bytes]], Sequence[tuple[int, int]]]


class Kind(Enum):
    """What a member is, as far as a scan cares."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hard link"
    OTHER = "other"
    REFUSED = "refused"


class Member(msgspec.Struct, gc=False):
    """One member: normalised `path`, `size` in bytes, `link` as written, `content` or `parts` if asked for.

    `reason` says why a file that was asked for has no content, or why a path was refused.
    """

    path: str
    kind: Kind
    size: int = 0
    link: str = ""
    content: bytes | None = None
    parts: Parts | None = None
    reason: str = ""


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"5": Kind.DIRECTORY,
}
_WITHOUT_DATA = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
_LONG = {b"L": "path", b"K": "linkpath"}
_USED = frozenset({b"path", b"linkpath", b"size", b"GNU.sparse.name"})
_PAX = frozenset({b"x", b"X"})


def walk(tar: Tar, limit_of: Callable[[str], int], examine: Examine | None = None) -> Iterator[Member]:
    """Yield the members in order. `limit_of(path)` is how many bytes of a file are wanted at most, 0 for none.

    `examine` chooses parts of the programs (files that may be executed) among the others.

    Raises InvalidData for anything that isn't a whole tar.
    """
    everywhere: dict[str, str] = {}
    here: dict[str, str] = {}
    while header := tar.take_up_to(BLOCK):
        if header == _ZERO:
            _expect_the_end(tar)
            break
        _check(tar, header)
        flag = header[156:157]
        size = _number(tar, header[124:136])
        if flag in _LONG:
            here[_LONG[flag]] = _text(_extension(tar, size))
        elif flag in _PAX:
            here.update(_records(tar, _extension(tar, size)))
        elif flag == b"g":
            everywhere.update(_records(tar, _extension(tar, size)))
        else:
            extra = {**everywhere, **here} if here or everywhere else here
            yield _member(tar, header, flag, size, extra, limit_of, examine)
            here = {}
    if here:
        raise tar.damaged("a header for a file that doesn't follow")


def _member(
    tar: Tar,
    header: bytes,
    flag: bytes,
    size: int,
    extra: dict[str, str],
    limit_of: Callable[[str], int],
    examine: Examine | None,
) -> Member:
    written = extra.get("GNU.sparse.name") or extra.get("path") or _ustar_name(header)
    if extra.get("size"):
        size = _decimal(tar, extra["size"])
    kind = Kind.DIRECTORY if flag == b"\0" and written.endswith("/") else _KINDS.get(flag, Kind.OTHER)
    stored = 0 if flag in _WITHOUT_DATA or kind is Kind.DIRECTORY else size
    path = normal(written)
    if path is None:
        tar.skip(_padded(stored))
        return Member(written, Kind.REFUSED, reason="its path leaves the root, or isn't one")
    member = Member(path, kind, size)
    if kind is Kind.FILE:
        _read(tar, header, member, extra, limit_of(path), examine)
    else:
        tar.skip(_padded(stored))
        if kind is Kind.SYMLINK or kind is Kind.HARDLINK:
            member.link = extra.get("linkpath") or _text(header[157:257])
    return member


def _read(tar: Tar, header: bytes, member: Member, extra: dict[str, str], limit: int, examine: Examine | None) -> None:
    sparse = header[156:157] == b"S" or "GNU.sparse" in extra
    if header[156:157] == b"S":
        _skip_sparse_map(tar, header)
    if limit and sparse:
        member.reason = "a sparse file"
    elif limit and member.size > limit:
        member.reason = f"{member.size} bytes, more than the {limit} that it may have"
    elif limit:
        member.content = tar.take(member.size)
        tar.skip(-member.size % BLOCK)
        return
    elif examine and member.size >= SMALLEST and not sparse and _executable(header):
        _read_parts(tar, member, examine(member.path, member.size, tar.peek))
        return
    tar.skip(_padded(member.size))


def _executable(header: bytes) -> bool:
    """Whether anybody may execute it: a mode whose last three digits are all even lets nobody."""
    return not _EXECUTABLE.isdisjoint(header[100:108].rstrip(b"\0 ")[-3:])


def _read_parts(tar: Tar, member: Member, spans: Sequence[tuple[int, int]]) -> None:
    at = 0
    parts = []
    for start, end in spans:
        tar.skip(start - at)
        parts.append((start, tar.take(end - start)))
        at = end
    tar.skip(_padded(member.size) - at)
    member.parts = tuple(parts) or None


def _skip_sparse_map(tar: Tar, header: bytes) -> None:
    more = header[482]
    while more:
        more = tar.take(BLOCK)[504]


def _expect_the_end(tar: Tar) -> None:
    following = tar.take_up_to(BLOCK)
    if following.strip(b"\0"):
        raise tar.damaged("a lone zero block inside the tar")


def _check(tar: Tar, header: bytes) -> None:
    """The header's checksum: the sum of its bytes with the checksum itself taken as eight spaces."""
    if len(header) < BLOCK:
        raise tar.damaged("the tar ends in the middle of a header")
    field = header[148:156]
    stored = _octal(field)
    # adler32's low half is one more than the sum of all bytes (modulo 65521), computed in C
    if stored is not None and (zlib.adler32(header) & 0xFFFF) == (1 + stored - 256 + sum(field)) % 65521:
        return
    signed = sum(byte - 256 if byte > 127 else byte for byte in header[:148] + header[156:]) + 256
    if signed != stored:
        raise tar.damaged("not a tar header: its checksum is wrong")


def _number(tar: Tar, field: bytes) -> int:
    """Octal digits, or GNU's base-256 where the first bit is set."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") - (0x80 << 8 * (len(field) - 1))
        if field[0] & 0x40 or value > _SIZE_LIMIT:
            raise tar.damaged("a negative or absurd size")
        return value
    number = _octal(field)
    if number is None:
        raise tar.damaged("not a tar header: its size isn't octal")
    return number


def _octal(field: bytes) -> int | None:
    digits = field.partition(b"\0")[0].strip(b" ")
    if not digits:
        return 0
    return int(digits, 8) if digits.isdigit() and b"8" not in digits and b"9" not in digits else None


def _decimal(tar: Tar, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise tar.damaged("a negative or absurd size in a pax header")
    return int(text)


def _extension(tar: Tar, size: int) -> bytes:
    if size > _EXTENSION_LIMIT:
        raise tar.damaged(f"a name or pax header of {size} bytes")
    data = tar.take(size)
    tar.skip(-size % BLOCK)
    return data


def _records(tar: Tar, data: bytes) -> dict[str, str]:
    """Pax records, `length key=value\\n`, length in decimal and counting all of the record."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 10)
        digits = data[at:space] if space > 0 else b""
        end = at + int(digits) if digits.isdigit() else 0
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not (space < end <= len(data) and equals and data[end - 1 : end] == b"\n"):
            raise tar.damaged("a damaged pax header")
        if key in _USED:
            found[_decoded(key)] = _decoded(value)
        elif key.startswith(b"GNU.sparse."):
            found["GNU.sparse"] = "yes"
        at = end
    return found


def _ustar_name(header: bytes) -> str:
    name = _text(header[0:100])
    if header[345] and header[257:263] == b"ustar\0":  # GNU's magic ends in spaces and uses these bytes for times
        return f"{_text(header[345:500])}/{name}"
    return name


def _text(field: bytes) -> str:
    return _decoded(field.partition(b"\0")[0])


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _padded(size: int) -> int:
    return size + -size % BLOCK
