"""Where OSV records come from: a zip, a folder, a bucket's layout in a folder or at a URL. Reads; doesn't parse.

The bucket's layout is OSV's own (google.github.io/osv.dev/data): `ecosystems.txt`, and per ecosystem `all.zip` with one
JSON file per record. Names inside a zip are only ever labels: nothing is unpacked.
"""

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn
from urllib.parse import quote

from pratique.advisories.fetch import download, is_url, shown
from pratique.model.errors import InvalidData, NotFound, UsageError

_LIST = "ecosystems.txt"
_ZIP = "all.zip"
_LIST_LIMIT = 1 << 20  # bytes
_ZIP_LIMIT = 8 << 30  # bytes of a zip as it is fetched; OSV's largest has under 1 GiB
_RECORD_LIMIT = 64 << 20  # bytes of one record, unpacked; OSV's largest have a few MB
_TOTAL_LIMIT = 64 << 30  # bytes of all records of a zip, unpacked


def read(location: str | Path, *, ecosystems: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Every record at `location`, as its file's name and its bytes.

    `location` is a zip, one JSON file, a folder of JSON files at any depth, a folder in the bucket's layout, or the
    URL of a zip or of a bucket. `ecosystems` chooses from a bucket (a release, as in `Debian:12`, doesn't matter);
    without it, all that the bucket lists are read. Raises NotFound, Refused, Unavailable, InvalidData, UsageError.
    """
    wanted = bases(ecosystems)
    if isinstance(location, str) and is_url(location):
        return _read_url(location, wanted)
    return _read_path(Path(location), wanted)


def _read_url(url: str, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    if url.partition("?")[0].endswith(".zip"):
        yield from _fetched(url)
        return
    for ecosystem in wanted or _listed_at(_below(url, _LIST)):
        yield from _fetched(_below(url, f"{quote(ecosystem)}/{_ZIP}"))


def _below(base: str, path: str) -> str:
    """A URL below a bucket's; its query (a shared access signature) goes along."""
    head, mark, query = base.partition("?")
    return f"{head.rstrip('/')}/{path}{mark}{query}"


def _read_path(path: Path, wanted: list[str]) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        zips = _bucket(path, wanted)
        if not zips:
            yield from _folder(path)
        for each in zips:
            yield from _file(each)
    elif path.suffix == ".json" and path.is_file():
        yield str(path), _small(path)
    else:
        yield from _file(path)


def _bucket(path: Path, wanted: list[str]) -> list[Path]:
    """The zips of a folder in the bucket's layout; none when it isn't one."""
    present = sorted(path.glob(f"*/{_ZIP}"))
    if not present and not (path / _LIST).is_file():
        return []
    missing = [each for each in wanted if path / each / _ZIP not in present]
    if missing:
        raise NotFound(
            f"no advisories for {', '.join(missing)} in {path}", "it holds " + ", ".join(p.parent.name for p in present)
        )
    return [path / each / _ZIP for each in wanted] or present


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    found = False
    for folder, folders, files in os.walk(path, onerror=_unreadable):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".json") and (Path(folder) / name).is_file():
                found = True
                yield os.path.relpath(Path(folder) / name, path), _small(Path(folder) / name)
    if not found:
        raise NotFound(f"no OSV records in {path}", "a folder of advisories holds *.json files, or ECOSYSTEM/all.zip")


def _unreadable(error: OSError) -> NoReturn:
    raise UsageError(f"cannot read {error.filename}", str(error)) from error


def _small(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _limited(file, str(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}", str(error)) from error


def _limited(file: BinaryIO, name: str) -> bytes:
    data = file.read(_RECORD_LIMIT + 1)
    if len(data) > _RECORD_LIMIT:
        raise InvalidData(f"too large: {name[:200]}", f"an OSV record has at most {_RECORD_LIMIT:,} bytes")
    return data


def _file(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"no advisories at {path}", "give a zip, a folder or a URL of OSV records") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}", str(error)) from error
    with file:
        yield from _unzipped(file, str(path))


def _fetched(url: str) -> Iterator[tuple[str, bytes]]:
    with _temporary() as file:
        download(url, file, _ZIP_LIMIT)
        yield from _unzipped(file, shown(url))


def _listed_at(url: str) -> list[str]:
    with _temporary() as file:
        download(url, file, _LIST_LIMIT)
        file.seek(0)
        return bases(file.read().decode("utf-8", "replace").splitlines())


@contextmanager
def _temporary() -> Iterator[BinaryIO]:
    import tempfile

    with tempfile.TemporaryFile(prefix="pratique-") as file:
        yield file


def bases(ecosystems: Iterable[str]) -> list[str]:
    """Ecosystems without releases and repeats. A name goes into a path, so one that would lead elsewhere is refused."""
    names = list(dict.fromkeys(each.strip().partition(":")[0] for each in ecosystems if each.strip()))
    for name in names:
        if "/" in name or "\\" in name or name in {".", ".."} or not name.isprintable():
            raise UsageError(f"not an ecosystem: {name[:80]!r}", "they are named as in OSV: Debian, Alpine, PyPI, npm")
    return names


def _unzipped(file: BinaryIO, name: str) -> Iterator[tuple[str, bytes]]:
    """The JSON files of a zip, none of them unpacked to disk. Raises InvalidData for a damaged or an outsized one."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _entries(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise InvalidData(f"not a sound zip of OSV records: {name}", str(error)[:200]) from error


def _entries(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes]]:
    total = 0
    for entry in archive.infolist():
        if entry.is_dir() or not entry.filename.endswith(".json"):
            continue
        with archive.open(entry) as file:
            data = _limited(file, f"{entry.filename} in {name}")  # type: ignore[arg-type]
        total += len(data)
        if total > _TOTAL_LIMIT:
            raise InvalidData(f"too large: {name}", f"a zip of OSV records unpacks to at most {_TOTAL_LIMIT:,} bytes")
        yield entry.filename, data
