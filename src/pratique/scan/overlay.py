"""Layers put on top of each other: what a container would see, without unpacking anything.

A whiteout hides a path and all below it in the layers beneath; an opaque folder hides all below it; a file hides a
folder and the reverse (OCI image-spec, layer.md#applying-changesets). Links are followed as inside a chroot:
none leads out.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from pratique.scan.layers import LayerContent
from pratique.scan.paths import folders, normal

_HOPS = 40  # symlinks on one path, Linux's limit
_PARTS = 512  # of a path while its symlinks are followed


class Version(msgspec.Struct, frozen=True):
    """A file as one layer has it: that layer's number, and in which layer under which path its content lies."""

    layer: int
    origin: int
    path: str


class Tree:
    """The wanted files and the symlinks that are left when all layers are applied.

    `files` has for each path its versions, base first; the last one counts.
    """

    def __init__(self) -> None:
        self.files: dict[str, list[Version]] = {}
        self.symlinks: dict[str, str] = {}
        self.known: set[str] = set()  # all paths that ever were here and their folders: a quick first answer

    def resolve(self, path: str) -> str | None:
        """The path with all symlinks followed, inside the root; None when they run in a circle."""
        if path not in self.symlinks and not any(folder in self.symlinks for folder in folders(path)):
            return path
        pending = path.split("/")[::-1]
        done: list[str] = []
        hops = 0
        while pending and hops <= _HOPS and len(pending) <= _PARTS:
            part = pending.pop()
            if part == "..":
                del done[-1:]
            elif part not in {"", "."}:
                done.append(part)
                target = self.symlinks.get("/".join(done))
                if target is not None:
                    hops += 1
                    done = [] if target.startswith("/") else done[:-1]
                    pending += target.split("/")[::-1]
        return None if pending else "/".join(done)

    def place(self, path: str) -> str | None:
        """Where a new file of this path goes: symlinks are followed in its folders, not at its end."""
        folder, _, name = path.rpartition("/")
        real = self.resolve(folder)
        return f"{real}/{name}" if real else None if real is None else name

    def put(self, path: str, version: Version) -> None:
        """Add a file, or a newer version of it."""
        place = self.place(path)
        if place is not None:
            self.files.setdefault(place, []).append(version)
            self._learn(place)

    def link(self, path: str, target: str) -> None:
        """Add a symlink."""
        self.symlinks[path] = target
        self._learn(path)

    def _learn(self, path: str) -> None:
        if path not in self.known:
            self.known.add(path)
            self.known.update(folders(path))


def merge(layers: Sequence[LayerContent], wanted: Callable[[str], bool]) -> Tree:
    """Apply the layers, base first."""
    tree = Tree()
    for number, layer in enumerate(layers):
        _hide(tree, layer)
        for path, target in layer.symlinks.items():
            tree.link(path, target)
        for path in layer.files:
            tree.put(path, Version(number, number, path))
        for path in filter(wanted, layer.hardlinks):
            tree.put(path, Version(number, *_linked(layers, number, path)))
    return tree


def follow(tree: Tree, layers: Sequence[LayerContent], wanted: Callable[[str], bool], fixed: Iterable[str]) -> None:
    """Give the wanted files that are symlinks, or lie in a linked folder, the content of what they lead to.

    A target that is wanted under its own name and isn't in the tree was hidden by a layer: it stays hidden.
    """
    for path in [*filter(wanted, tree.symlinks), *fixed]:
        real = tree.resolve(path)
        if path in tree.files or real is None or real == path:
            continue
        if real in tree.files:
            if path in tree.symlinks:
                tree.files[path] = tree.files[real]
        elif not wanted(real) and (origin := holder(layers, real, len(layers) - 1)) is not None:
            tree.files[path] = [Version(origin, origin, real)]


def holder(layers: Sequence[LayerContent], path: str, top: int) -> int | None:
    """The layer, at most `top`, whose file of this very path is the one to be seen."""
    for number in range(top, -1, -1):
        layer = layers[number]
        if path in layer.files or path in layer.others:
            return number
        if path in layer.whiteouts or path in layer.symlinks or path in layer.directories:
            return None
        if any(above in layer.whiteouts or above in layer.opaque or above in layer.others for above in folders(path)):
            return None
    return None


def _linked(layers: Sequence[LayerContent], number: int, path: str) -> tuple[int, str]:
    """Where the content of a hard link lies; the link itself when it leads nowhere."""
    links, target = layers[number].hardlinks, path
    for _ in range(_HOPS):
        if target not in links:
            break
        target = normal(links[target]) or ""
    origin = holder(layers, target, number)
    return (number, path) if origin is None else (origin, target)


def _hide(tree: Tree, layer: LayerContent) -> None:
    """Take from the tree what this layer hides of the layers beneath."""
    gone = _places(tree, layer.whiteouts)
    gone |= tree.known & layer.others
    gone |= tree.known & layer.symlinks.keys()
    gone |= tree.known & layer.hardlinks.keys()
    below = gone | _places(tree, layer.opaque) | (tree.known & layer.files.keys())
    if "" in below:
        tree.files.clear()
        tree.symlinks.clear()
    elif not tree.known.isdisjoint(below):
        _drop(tree.files, gone, below)
        _drop(tree.symlinks, gone, below)
    for path in layer.directories & tree.symlinks.keys():
        del tree.symlinks[path]
    for path in layer.directories & tree.files.keys():
        del tree.files[path]
    for path in layer.files.keys() & tree.symlinks.keys():
        del tree.symlinks[path]


def _drop(paths: dict[str, Any], gone: set[str], below: set[str]) -> None:
    for path in [path for path in paths if path in gone or any(folder in below for folder in folders(path))]:
        del paths[path]


def _places(tree: Tree, paths: Iterable[str]) -> set[str]:
    return {place for path in paths if (place := tree.place(path)) is not None}
