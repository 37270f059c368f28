"""Scan a folder that holds a root file system, or `/` itself. No link is followed by the kernel, so none leads out."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pratique.model.errors import NotFound, UsageError
from pratique.model.inventory import Inventory, Skipped
from pratique.scan.formats import READING, kept, limit_of
from pratique.scan.found import Items
from pratique.scan.gather import inventory_of
from pratique.scan.layers import LayerContent, Unread
from pratique.scan.paths import shown
from pratique.scan.tar import SMALLEST

_NOT_FILES = frozenset({"proc", "sys", "dev"})  # of the kernel's making when the root is a live one


def scan_rootfs(root: Path) -> Inventory:
    """What is in the folder; locations have no layer. Raises NotFound or UsageError when `root` isn't a folder.

    What cannot be read for lack of permission, or because it vanished, becomes a Skipped.
    """
    if not root.is_dir():
        if root.exists():
            raise UsageError(f"not a folder: {root}")
        raise NotFound(f"no such folder: {root}")
    content = LayerContent()
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            pending += _read_folder(root, folder, content)
        except OSError as error:
            content.skipped.append(_skipped(folder or ".", error))

    def read_again(_: int, limits: Mapping[str, int]) -> Mapping[str, bytes | Unread]:
        return {path: _read(root / path, limit) for path, limit in limits.items()}

    return inventory_of([content], read_again)


def _read_folder(root: Path, folder: str, content: LayerContent) -> list[str]:
    """Note what is in one folder; gives the folders in it."""
    inside = []
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                content.symlinks[path] = _target(entry)
            elif entry.is_dir(follow_symlinks=False):
                if path not in _NOT_FILES:
                    inside.append(path)
            elif limit := limit_of(path):
                held = _read(Path(entry.path), limit)
                content.files[path] = kept(path, held) if isinstance(held, bytes) else held
            elif items := _found_in(path, entry):
                content.files[path] = items
            else:
                content.others.add(path)
    return inside


def _found_in(path: str, entry: "os.DirEntry[str]") -> Items:
    """What a program tells of itself; nothing for what nobody may execute or read."""
    try:
        status = entry.stat(follow_symlinks=False)
        if not status.st_mode & 0o111 or status.st_size < SMALLEST or not stat.S_ISREG(status.st_mode):
            return ()
        with open(entry.path, "rb", opener=_open) as file:
            spans = READING.examine(path, status.st_size, lambda size: os.pread(file.fileno(), size, 0))
            parts = tuple((start, os.pread(file.fileno(), end - start, start)) for start, end in spans)
    except OSError:
        return ()
    return READING.found_in(path, status.st_size, parts) if parts else ()


def _target(entry: "os.DirEntry[str]") -> str:
    try:
        return str(Path(entry.path).readlink())
    except OSError:
        return "/"  # it vanished: a link to nothing we look for


def _read(path: Path, limit: int) -> bytes | Unread:
    """A regular file's content; never waits on a pipe or device."""
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Unread("not a regular file")
            data = file.read(limit + 1)
    except OSError as error:
        return Unread(error.strerror or str(error))
    return data if len(data) <= limit else Unread(f"more than the {limit} bytes that it may have")


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _skipped(path: str, error: OSError) -> Skipped:
    return Skipped(shown(path), error.strerror or str(error))
