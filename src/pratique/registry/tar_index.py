"""Where each member of a tar lies, so that it can be read in place: nothing is unpacked.

The archive may be hostile: links that lead out of it, members that reach beyond its end, a name given twice, headers
without end. Each is an InvalidData that says so.
"""

import io
import os
import posixpath
import tarfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from pratique.model.errors import InvalidData, NotFound, Unavailable

_MEMBERS = 100_000
_HEADER = 1024 * 1024  # bytes of one extended header
_LINKS = 10
_CHUNK = 1024 * 1024
SPOOL_LIMIT = 64 * 1024**3  # bytes that a compressed archive may unfold to


class Member(msgspec.Struct, frozen=True):
    """A file in the tar: where its bytes start and how many there are; or where it links to."""

    offset: int
    size: int
    link: str = ""


class TarIndex:
    """A tar, opened once; its members are read through one descriptor, at any time and from any thread.

    It closes itself when nobody holds it any more. Errors call it `name`, or by its path.
    """

    def __init__(self, path: Path, *, spool_limit: int = SPOOL_LIMIT, name: str = "") -> None:
        self.path = name or str(path)
        self._file = _uncompressed(path, spool_limit)
        weakref.finalize(self, self._file.close)
        try:
            self._size = self._file.seek(0, io.SEEK_END)
            self._members = self._index()
        except BaseException:
            self._file.close()
            raise

    def open(self, name: str) -> tuple[BinaryIO, int] | None:
        """A member's bytes and size, or None where there is no such member. Raises InvalidData for a link astray."""
        for _ in range(_LINKS):
            member = self._members.get(name)
            if member is None:
                return None
            if not member.link:
                return cast(
                    "BinaryIO", io.BufferedReader(_Slice(self, self._file.fileno(), member), _CHUNK)
                ), member.size
            name = member.link
        raise InvalidData(f"{self.path}: {name[:200]} links in a circle")

    def names(self) -> Iterator[str]:
        """All members' names."""
        return iter(self._members)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _index(self) -> dict[str, Member]:
        members: dict[str, Member] = {}
        try:
            self._file.seek(0)
            with tarfile.open(fileobj=_Headers(self._file), mode="r:") as tar:
                for info in tar:
                    self._add(members, info)
                self._check_end(tar.offset, members)
        except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
            raise InvalidData(f"{self.path} is not a tar archive", str(error)[:200]) from None
        except OSError as error:
            raise Unavailable(f"cannot read {self.path}: {error.strerror or error}") from error
        return members

    def _add(self, members: dict[str, Member], info: tarfile.TarInfo) -> None:
        if info.isdir():
            return
        name = self._inside(info.name, info.name)
        member = self._member(info, name)
        if name in members:
            raise InvalidData(f"{self.path}: {name[:200]} is there twice", "two readers could see two different images")
        if len(members) >= _MEMBERS:
            raise InvalidData(f"{self.path}: more than {_MEMBERS} members")
        members[name] = member

    def _member(self, info: tarfile.TarInfo, name: str) -> Member:
        if info.issym():
            return Member(0, 0, self._inside(posixpath.join(posixpath.dirname(name), info.linkname), info.linkname))
        if info.islnk():
            return Member(0, 0, self._inside(info.linkname, info.linkname))
        if not info.isfile() or info.issparse():
            raise InvalidData(f"{self.path}: {name[:200]} is neither a file nor a link")
        if info.offset_data + info.size > self._size:
            raise InvalidData(f"{self.path} is cut off within {name[:200]}")
        return Member(info.offset_data, info.size)

    def _inside(self, path: str, shown: str) -> str:
        clean = posixpath.normpath(path)
        if clean.startswith(("/", "../")) or clean in {"..", "."} or "\0" in clean:
            raise InvalidData(f"{self.path}: {shown[:200]!r} leads out of the archive")
        return clean

    def _check_end(self, end: int, members: dict[str, Member]) -> None:
        # tarfile takes a cut between members, and a broken header, for the end; a whole tar ends with an empty block.
        self._file.seek(end)
        if not members or self._file.read(512) != bytes(512):
            raise InvalidData(f"{self.path} is cut off or broken, or is not a tar archive")


class _Slice(io.RawIOBase):
    """A member's bytes, read by offset: no two readers share a position."""

    def __init__(self, owner: TarIndex, descriptor: int, member: Member) -> None:
        super().__init__()
        self._owner = owner  # as long as it lives the descriptor is open
        self._descriptor = descriptor
        self._offset = member.offset
        self._left = member.size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._left)
        count = os.preadv(self._descriptor, [memoryview(buffer)[:wanted]], self._offset) if wanted else 0
        self._offset += count
        self._left -= count
        return count


class _Headers(io.RawIOBase):
    """What tarfile reads headers from: no single read may be as large as a header can claim to be."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        if size < 0 or size > _HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _uncompressed(path: Path, limit: int) -> BinaryIO:
    """The tar itself; a compressed one is unfolded to a temporary file without a name."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"there is no {path}") from None
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror or error}") from error
    try:
        magic = file.read(4)
        file.seek(0)
    except OSError as error:
        file.close()
        raise InvalidData(f"{path} is not a file: {error.strerror}") from error
    if magic[:2] == b"\x1f\x8b":
        return _spooled(file, "gzip", limit, path)
    if magic == b"\x28\xb5\x2f\xfd":
        return _spooled(file, "zstd", limit, path)
    return file


def _spooled(file: BinaryIO, how: str, limit: int, path: Path) -> BinaryIO:
    import tempfile

    unfolded = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed by the index, or below
    try:
        with file, _decompressing(file, how) as stream:
            size = 0
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise InvalidData(f"{path} unfolds to more than {limit} bytes")
                unfolded.write(chunk)
        unfolded.flush()
    except InvalidData:
        unfolded.close()
        raise
    except Exception as error:  # noqa: BLE001 - each codec has errors of its own
        unfolded.close()
        raise InvalidData(f"{path}: broken {how}: {str(error)[:100]}") from None
    return unfolded


def _decompressing(file: BinaryIO, how: str) -> BinaryIO:
    if how == "gzip":
        from isal import igzip

        return cast("BinaryIO", igzip.IGzipFile(fileobj=file))  # type: ignore[no-untyped-call]
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from backports import zstd
    return cast("BinaryIO", zstd.ZstdFile(file))
