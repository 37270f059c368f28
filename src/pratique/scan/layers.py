"""One layer's content, as far as a scan cares: the wanted files, and all that can hide or stand for a file elsewhere.

Layers are read on their own, each once, in any order; `overlay` puts them together.
Whiteouts: OCI image-spec, layer.md#whiteouts.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import InvalidData
from pratique.model.inventory import Skipped
from pratique.scan.decompress import Tar
from pratique.scan.found import Found, Items, Problem
from pratique.scan.paths import shown
from pratique.scan.tar import Examine, Kind, Member, Parts, walk

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_AUFS = ".wh..wh."
_CONTENT_LIMIT = 512 * 1024**2  # bytes of wanted files that one layer may have us hold, unless told otherwise
_PATHS_LIMIT = 512 * 1024**2  # bytes of paths, so that a layer of nothing but names ends too


class Reading(NamedTuple):
    """What to read of a layer.

    `limit_of(path)` is how many bytes of a file are wanted at most, 0 for none; `kept(path, content)` what to hold of
    it until all layers are read; `examine` which parts of a program to read, and `found_in(path, size, parts)` what
    these tell.
    """

    limit_of: Callable[[str], int]
    kept: Callable[[str, bytes], bytes | Items]
    examine: Examine
    found_in: Callable[[str, int, Parts], Items]


class Unread(msgspec.Struct, frozen=True):
    """A wanted file whose content we don't have, and why."""

    reason: str


class LayerContent(msgspec.Struct):
    """What one layer holds; all paths are normalised. `others` are files and devices that nobody wanted."""

    diff_id: Digest | None = None
    files: dict[str, bytes | Items | Unread] = {}
    symlinks: dict[str, str] = {}
    hardlinks: dict[str, str] = {}
    others: set[str] = set()
    directories: set[str] = set()
    whiteouts: set[str] = set()
    opaque: set[str] = set()
    skipped: list[Skipped] = []


def read_layer(tar: Tar, diff_id: Digest, reading: Reading, most: int = _CONTENT_LIMIT) -> LayerContent:
    """Read a whole layer, holding at most `most` bytes of wanted files.

    Raises InvalidData for a bad tar, IntegrityError when it isn't what `diff_id` says.
    """
    layer = LayerContent(diff_id)
    held = named = 0
    for member in walk(tar, reading.limit_of, reading.examine):
        named += len(member.path) + len(member.link) + 128
        kept = _kept(member, reading)
        held += len(kept) if isinstance(kept, bytes) else sum(map(_weight, kept))
        if named > _PATHS_LIMIT:
            raise InvalidData(f"{tar.name}: more than {_PATHS_LIMIT} bytes of file names")
        if held > most:
            kept, member.content = b"", None
            member.reason = f"this layer has more than {most} bytes of package data"
            held = most
        _add(layer, member, kept)
    tar.finish()
    return layer


def _kept(member: Member, reading: Reading) -> bytes | Items:
    if member.content is not None:
        return reading.kept(member.path, member.content)
    return reading.found_in(member.path, member.size, member.parts) if member.parts else b""


def _weight(item: Found | Problem) -> int:
    """About how many bytes an item takes."""
    return 400 + sum(map(len, item.declares)) + 60 * len(item.declares) if isinstance(item, Found) else 200


def read_files(tar: Tar, limits: Mapping[str, int]) -> dict[str, bytes | Unread]:
    """Only these files of a layer (path to most bytes): the targets of links, known once layers are put together."""
    found: dict[str, bytes | Unread] = {}
    for member in walk(tar, lambda path: limits.get(path, 0)):
        if member.path in limits:
            found[member.path] = member.content if member.content is not None else Unread(member.reason or _NO_FILE)
    tar.finish()
    return found


_NO_FILE = "not a regular file"


def _add(layer: LayerContent, member: Member, kept: bytes | Items) -> None:
    path = member.path
    folder, _, name = path.rpartition("/")
    if member.kind is Kind.REFUSED:
        layer.skipped.append(Skipped(shown(path[:300]), member.reason))
    elif name.startswith(_WHITEOUT):
        _add_whiteout(layer, folder, name)
    elif member.kind is Kind.DIRECTORY:
        _forget(layer, path)
        layer.directories.add(path)
    elif path:
        _forget(layer, path)
        _add_file(layer, member, kept)


def _add_file(layer: LayerContent, member: Member, kept: bytes | Items) -> None:
    if member.kind is Kind.SYMLINK:
        layer.symlinks[member.path] = member.link
    elif member.kind is Kind.HARDLINK:
        layer.hardlinks[member.path] = member.link
    elif member.content is not None or (kept and not member.reason):
        layer.files[member.path] = kept
    elif member.reason:
        layer.files[member.path] = Unread(member.reason)
    else:
        layer.others.add(member.path)


def _add_whiteout(layer: LayerContent, folder: str, name: str) -> None:
    hidden = name[len(_WHITEOUT) :]
    if name == _OPAQUE:
        layer.opaque.add(folder)
    elif hidden in {"", ".", ".."}:
        layer.skipped.append(Skipped(shown(f"{folder}/{name}"), "a whiteout of nothing"))
    elif not name.startswith(_AUFS):
        layer.whiteouts.add(f"{folder}/{hidden}" if folder else hidden)


def _forget(layer: LayerContent, path: str) -> None:
    """A later member of the same name stands for an earlier one."""
    layer.others.discard(path)
    layer.directories.discard(path)
    layer.files.pop(path, None)
    layer.symlinks.pop(path, None)
    layer.hardlinks.pop(path, None)
