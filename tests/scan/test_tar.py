"""The header walker against tarfile, and against tars that nobody should send."""

import io
import random
import tarfile
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.errors import InvalidData, PratiqueError
from pratique.scan.decompress import Tar
from pratique.scan.tar import Kind, Member, walk
from tests.scan.building import FOLDER, Content, Hard, Link, tar_of

_PART = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=90)
_PATH = st.lists(_PART, min_size=1, max_size=4).map("/".join).filter(lambda path: ".." not in path.split("/"))
_CONTENT: st.SearchStrategy[Content] = st.one_of(
    st.binary(max_size=1500), _PATH.map(Link), _PATH.map(Hard), st.just(FOLDER)
)
_FORMATS = st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
_KINDS = {tarfile.REGTYPE: Kind.FILE, tarfile.LNKTYPE: Kind.HARDLINK, tarfile.SYMTYPE: Kind.SYMLINK}


def members(data: bytes, limit: int = 1 << 20) -> list[Member]:
    tar = Tar(io.BytesIO(data), "test")
    found = list(walk(tar, lambda _: limit))
    tar.finish()
    return found


def _as_tarfile_sees(data: bytes) -> list[tuple[str, Kind, str, bytes | None]]:
    seen = []
    with tarfile.open(fileobj=io.BytesIO(data), errors="surrogateescape") as tar:
        for info in tar:
            path = "/".join(part for part in info.name.split("/") if part not in {"", "."})
            file = tar.extractfile(info) if info.isreg() else None
            kind = _KINDS.get(info.type, Kind.DIRECTORY if info.isdir() else Kind.OTHER)
            seen.append((path, kind, info.linkname, file.read() if file else None))
    return seen


@settings(deadline=None)
@given(st.lists(st.tuples(_PATH, _CONTENT), max_size=8), _FORMATS)
def test_every_member_is_read_as_tarfile_reads_it(entries: list[tuple[str, Content]], tar_format: int) -> None:
    try:
        data = tar_of(entries, tar_format)
    except ValueError:  # too long a name for ustar
        return
    assert [(m.path, m.kind, m.link, m.content) for m in members(data)] == _as_tarfile_sees(data)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 20))
def test_a_damaged_tar_gives_members_or_invalid_data(seed: int, damages: int) -> None:
    data = bytearray(tar_of({"a" * 150: b"x" * 700, "b": Link("c"), "d": FOLDER, "e" * 300: b""}))
    chance = random.Random(seed)
    for _ in range(damages):
        data[chance.randrange(len(data))] = chance.randrange(256)
    with suppress(InvalidData):
        assert all(isinstance(member, Member) for member in members(bytes(data)))


@given(st.binary(max_size=3000))
def test_any_bytes_give_members_or_a_clear_error(data: bytes) -> None:
    with suppress(PratiqueError):
        members(data)


@pytest.mark.parametrize("end", [1, 511, 512 + 100, 512 + 512 + 3])
def test_a_tar_cut_short_is_refused(end: int) -> None:
    data = tar_of({"first": b"x" * 600}, tarfile.USTAR_FORMAT)
    with pytest.raises(InvalidData, match="ends in the middle"):
        members(data[:end])


def test_a_tar_without_its_closing_blocks_is_whole() -> None:
    data = tar_of({"first": b"x" * 512}, tarfile.USTAR_FORMAT)
    assert [m.path for m in members(data[:1024])] == ["first"]


def test_an_empty_tar_has_no_members() -> None:
    assert members(b"") == []
    assert members(bytes(1024)) == []


def test_a_lone_zero_block_hides_nothing_behind_it() -> None:
    first = tar_of({"first": b""}, tarfile.USTAR_FORMAT)[:512]
    with pytest.raises(InvalidData, match="lone zero block"):
        members(first + bytes(512) + first)


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(tar_of({"first": b""}, tarfile.USTAR_FORMAT))
    data[0] ^= 1
    with pytest.raises(InvalidData, match="checksum"):
        members(bytes(data))


def _header(size: bytes, flag: bytes = b"0", name: bytes = b"file") -> bytes:
    header = bytearray(512)
    header[: len(name)] = name
    header[124 : 124 + len(size)] = size
    header[156:157] = flag
    header[257:265] = b"ustar\x0000"
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize(
    ("size", "why"),
    [
        (b"\xff" * 12, "negative or absurd"),
        (b"\x80" + b"\x7f" * 11, "negative or absurd"),
        (b"-0000000001", "octal"),
        (b"0000000008", "octal"),
        (b"12_34", "octal"),
    ],
)
def test_a_size_that_cannot_be_is_refused(size: bytes, why: str) -> None:
    with pytest.raises(InvalidData, match=why):
        members(_header(size) + bytes(2048))


def test_a_base_256_size_is_read() -> None:
    found = members(_header(b"\x80" + bytes(9) + b"\x02\x01") + b"x" * 513 + bytes(511 + 1024))
    assert [(m.path, m.size, m.content) for m in found] == [("file", 513, b"x" * 513)]


def test_a_pax_size_stands_for_the_header_size() -> None:
    record = b"12 size=600\n"
    data = _header(b"14", b"x") + record.ljust(512, b"\0") + _header(b"0") + b"y" * 600 + bytes(424) + bytes(1024)
    assert [m.size for m in members(data)] == [600]


@pytest.mark.parametrize("record", [b"99 path=x\n", b"x path=x\n", b"7 path\n", b"5 a=b", b"0 a=b\n", b" a=b\n"])
def test_a_damaged_pax_header_is_refused(record: bytes) -> None:
    data = _header(b"%o" % len(record), b"x") + record.ljust(512, b"\0") + _header(b"0") + bytes(1024)
    with pytest.raises(InvalidData, match="pax"):
        members(data)


@pytest.mark.parametrize("size", [b"-1", b"1e3", b"99999999999999999999", b"\xd9\xa3"])
def test_an_absurd_pax_size_is_refused(size: bytes) -> None:
    record = b"%d size=%s\n" % (len(size) + (8 if len(size) < 2 else 9), size)
    data = _header(b"%o" % len(record), b"x") + record.ljust(512, b"\0") + _header(b"0") + bytes(1024)
    with pytest.raises(InvalidData, match="pax"):
        members(data)


def test_a_gigantic_pax_header_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidData, match="pax header of"):
        members(_header(b"77777777777", b"x") + bytes(2048))


def test_a_header_for_a_file_that_does_not_follow_is_refused() -> None:
    with pytest.raises(InvalidData, match="doesn't follow"):
        members(_header(b"2", b"L") + b"ab".ljust(512, b"\0") + bytes(1024))


def test_a_global_pax_header_counts_for_all_that_follow() -> None:
    record = b"18 linkpath=there\n"
    data = _header(b"%o" % len(record), b"g") + record.ljust(512, b"\0")
    data += _header(b"0", b"2", b"one") + _header(b"0", b"2", b"two") + bytes(1024)
    assert [(m.path, m.link) for m in members(data)] == [("one", "there"), ("two", "there")]


def test_paths_are_normalised_and_those_that_leave_the_root_refused() -> None:
    entries: list[tuple[str, Content]] = [
        ("./a//b", b""),
        ("/c/./d", b""),
        ("../e", b""),
        ("f/../../g", b""),
        (".hidden", b""),
    ]
    found = members(tar_of(entries))
    assert [m.path for m in found if m.kind is Kind.FILE] == ["a/b", "c/d", ".hidden"]
    assert [m.path for m in found if m.kind is Kind.REFUSED] == ["../e", "f/../../g"]


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_name_that_is_not_utf8_is_kept_byte_for_byte(tar_format: int) -> None:
    name = b"caf\xe9/x".decode("utf-8", "surrogateescape")
    assert [m.path for m in members(tar_of({name: b""}, tar_format))] == [name]


def test_a_file_above_its_limit_is_passed_over_with_the_reason() -> None:
    big, small = members(tar_of({"big": b"x" * 2000, "small": b"y"}), limit=1000)
    assert (big.content, small.content) == (None, b"y")
    assert "2000 bytes" in big.reason


def test_a_sparse_file_is_passed_over_and_the_next_one_found() -> None:
    sparse = bytearray(_header(b"1000", b"S"))
    sparse[482] = 1
    sparse[148:156] = b"        "
    sparse[148:156] = b"%06o\0 " % sum(sparse)
    more = bytes(504) + b"\1" + bytes(7)
    data = bytes(sparse) + more + bytes(512) + b"z" * 512 + _header(b"0", name=b"next") + bytes(1024)
    found = members(data)
    assert [(m.path, m.reason) for m in found] == [("file", "a sparse file"), ("next", "")]


def test_large_global_headers_do_not_slow_down_every_file() -> None:
    record = b"".join(b"%d k%06d=v\n" % (13, number) for number in range(70_000))
    data = _header(b"%o" % len(record), b"g") + record + bytes(-len(record) % 512)
    data += _header(b"0") * 20_000 + bytes(1024)
    started = time.perf_counter()
    assert len(members(data)) == 20_000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("path", ["a/" * 300 + "b", "a" * 5000])
def test_a_path_that_no_unpacker_could_make_is_refused(path: str) -> None:
    assert [m.kind for m in members(tar_of({path: b""}))] == [Kind.REFUSED]
