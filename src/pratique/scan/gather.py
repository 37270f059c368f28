"""From layers that were read to an Inventory: put together, links followed, what was missed read again, assembled."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from pratique.model.digest import Digest
from pratique.model.inventory import Inventory
from pratique.scan.formats import DATABASES, limit_of, wanted
from pratique.scan.inventory import File, assemble
from pratique.scan.layers import LayerContent, Unread
from pratique.scan.overlay import Tree, Version, follow, merge

# `(layer number, path to most bytes)` gives the content of files that were passed over in the first reading.
ReadAgain: TypeAlias = Callable[[int, Mapping[str, int]], Mapping[str, bytes | Unread]]


def inventory_of(layers: Sequence[LayerContent], read_again: ReadAgain, image: Digest | None = None) -> Inventory:
    """The inventory of these layers, base first."""
    tree = merge(layers, wanted)
    follow(tree, layers, wanted, DATABASES)
    for number, limits in sorted(_missing(tree, layers).items()):
        layers[number].files.update(read_again(number, limits))
    files = {path: _file(path, versions, layers) for path, versions in tree.files.items()}

    def read(path: str) -> bytes | None:
        real = path if path in files else tree.resolve(path)
        content = files[real].content if real in files else None
        return content if isinstance(content, bytes) else None

    skipped = (item for layer in layers for item in layer.skipped)
    return assemble(files, read, skipped, image)


def _missing(tree: Tree, layers: Sequence[LayerContent]) -> dict[int, dict[str, int]]:
    """What links lead to and nobody wanted under its own name: rare, and worth a second look at that layer."""
    missing: dict[int, dict[str, int]] = {}
    for path, versions in tree.files.items():
        for version in versions:
            if version.path in layers[version.origin].others:
                limits = missing.setdefault(version.origin, {})
                limits[version.path] = max(limit_of(path), limits.get(version.path, 0))
    return missing


def _file(path: str, versions: Sequence[Version], layers: Sequence[LayerContent]) -> File:
    contents = [(version, layers[version.origin].files.get(version.path, _NOTHING)) for version in versions]
    last = contents[-1][1]
    if isinstance(last, Unread):
        return File(path, None, last.reason)
    return File(
        path=path,
        content=last,
        versions=tuple((layers[one.layer].diff_id, held) for one, held in contents if not isinstance(held, Unread)),
    )


_NOTHING = Unread("a link to nothing that can be read")
