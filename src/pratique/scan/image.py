"""Scan an image: all layers read in parallel threads, which inflate and hash without holding Python's lock."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from pratique.model.descriptor import Descriptor
from pratique.model.digest import short
from pratique.model.image import Image, Layer
from pratique.model.inventory import Inventory
from pratique.scan.decompress import Tar
from pratique.scan.formats import READING
from pratique.scan.gather import inventory_of
from pratique.scan.hashing import DiffId, Submit
from pratique.scan.layers import LayerContent, Unread, read_files, read_layer

_CONTENT = 1024**3  # bytes of wanted files held for an image, shared out among its layers
_SMALL = 4 * 1024 * 1024  # compressed bytes; below this, threads cost more than they win


class Blobs(Protocol):
    """Where layers can be read; a registry's repository is one."""

    def blob(self, descriptor: Descriptor, /) -> AbstractContextManager[BinaryIO]:
        """The blob's bytes, checked while they are read."""


def scan_image(image: Image, blobs: Blobs, *, workers: int | None = None) -> Inventory:
    """What is in the image. `workers` is how many layers are read at a time, by default one for each processor.

    Raises InvalidData for a layer that isn't a whole tar, IntegrityError for one that isn't what the config says, and
    whatever `blobs` raises. A package file that cannot be understood only becomes a Skipped.
    """
    layers = _read_all(image.layers, blobs, workers or os.cpu_count() or 1)

    def read_again(number: int, limits: Mapping[str, int]) -> Mapping[str, bytes | Unread]:
        layer = image.layers[number]
        with blobs.blob(layer.descriptor) as blob:
            return read_files(_tar(layer, blob), limits)

    return inventory_of(layers, read_again, image.digest)


def _read_all(layers: tuple[Layer, ...], blobs: Blobs, workers: int) -> list[LayerContent]:
    """Each layer once, though an image may name it twice; the largest begin first. The lowest one's error is raised."""
    distinct = {layer.diff_id: layer for layer in layers}
    most = max(_CONTENT // (len(distinct) or 1), _CONTENT // 16)
    if workers == 1 or sum(layer.descriptor.size for layer in distinct.values()) < _SMALL:
        contents = {diff_id: _read(layer, blobs, most, None) for diff_id, layer in distinct.items()}
        return [contents[layer.diff_id] for layer in layers]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers, "hash") as hashing, ThreadPoolExecutor(workers, "scan") as reading:
        begun = sorted(distinct.values(), key=lambda layer: -layer.descriptor.size)
        futures = {layer.diff_id: reading.submit(_read, layer, blobs, most, hashing.submit) for layer in begun}
        try:
            return [futures[layer.diff_id].result() for layer in layers]
        except BaseException:
            reading.shutdown(wait=False, cancel_futures=True)
            raise


def _read(layer: Layer, blobs: Blobs, most: int, submit: Submit | None) -> LayerContent:
    with blobs.blob(layer.descriptor) as blob:
        return read_layer(_tar(layer, blob, submit), layer.diff_id, READING, most)


def _tar(layer: Layer, blob: BinaryIO, submit: Submit | None = None) -> Tar:
    name = f"layer {short(layer.descriptor.digest)}"
    return Tar(blob, name, layer.descriptor.media_type, DiffId(layer.diff_id, submit))
