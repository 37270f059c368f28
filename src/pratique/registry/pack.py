"""Build an image from layer tars and store it. The same input gives the same bytes, so the same digest."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any, Literal

import msgspec

from pratique.model.descriptor import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    OCI_MANIFEST,
    Descriptor,
    Platform,
)
from pratique.model.digest import digest_of
from pratique.model.image import Image, Layer, Runtime
from pratique.registry import documents
from pratique.registry.loading import assemble
from pratique.registry.repository import Repository

Compression = Literal["gzip", "zstd", "none"]
_TYPES: dict[Compression, str] = {"gzip": OCI_LAYER_GZIP, "zstd": OCI_LAYER_ZSTD, "none": OCI_LAYER}
EPOCH = "1970-01-01T00:00:00Z"


def pack(
    repository: Repository,
    layers: Sequence[bytes | Layer],
    *,
    config: Runtime | Mapping[str, Any] | None = None,
    platform: Platform | None = None,
    annotations: Mapping[str, str] | None = None,
    base: Image | None = None,
    tag: str | None = None,
    created: str = EPOCH,
    created_by: Sequence[str] = (),
    compression: Compression = "gzip",
) -> Image:
    """Store an image of these layers (uncompressed tars, or layers whose blobs are there already), and tag it.

    `config` is the config's `config` object (`Env`, `Cmd`, ...), `created` RFC 3339, `created_by` a history line for
    each layer. On a `base`, whose blobs must be in the repository, its layers, history, platform and config come first;
    `config` replaces single keys. Raises InvalidData when a blob that is needed isn't there, UsageError (not a tag).
    """
    stored = [_stored(repository, layer, compression, line) for layer, line in _with_lines(layers, created_by)]
    raw_config = documents.encode(_config(stored, config, platform, base, created))
    config_descriptor = Descriptor(OCI_CONFIG, digest_of(raw_config), len(raw_config))
    _put(repository, config_descriptor, raw_config)
    all_layers = [*(base.layers if base else ()), *stored]
    data = documents.encode(_manifest(config_descriptor, all_layers, annotations))
    descriptor = repository.put_manifest(data, OCI_MANIFEST, tag)
    name = f"{repository.reference.name}@{descriptor.digest}"
    return assemble(descriptor, documents.decode_manifest(data, OCI_MANIFEST, name), data, raw_config, name)


def pack_index(
    repository: Repository, images: Sequence[Image], *, tag: str | None = None, media_type: str = ""
) -> Descriptor:
    """Store an index of images that are there, each under its platform, and tag it."""
    kind = media_type or OCI_INDEX
    manifests = [{**msgspec.to_builtins(image.descriptor), "platform": _platform(image.platform)} for image in images]
    data = documents.encode({"schemaVersion": 2, "mediaType": kind, "manifests": manifests})
    return repository.put_manifest(data, kind, tag)


def compress(data: bytes, how: Compression) -> bytes:
    """Bytes compressed the same way every time: no names, no times."""
    if how == "none":
        return data
    if how == "zstd":
        return _zstd(data)
    deflate = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: gzip's frame, with a zero time
    return deflate.compress(data) + deflate.flush()


def _zstd(data: bytes) -> bytes:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        from backports import zstd
    packed: bytes = zstd.compress(data)
    return packed


def _with_lines(layers: Sequence[bytes | Layer], lines: Sequence[str]) -> Iterable[tuple[bytes | Layer, str]]:
    return zip(layers, [*lines, *[""] * len(layers)], strict=False)


def _stored(repository: Repository, layer: bytes | Layer, compression: Compression, line: str) -> Layer:
    if isinstance(layer, Layer):
        return Layer(layer.descriptor, layer.diff_id, line or layer.created_by)
    blob = compress(layer, compression)
    descriptor = Descriptor(_TYPES[compression], digest_of(blob), len(blob))
    _put(repository, descriptor, blob)
    return Layer(descriptor, digest_of(layer), line)


def _put(repository: Repository, descriptor: Descriptor, data: bytes) -> None:
    if not repository.has_blob(descriptor.digest):
        repository.put_blob(descriptor, BytesIO(data))


def _config(
    layers: Sequence[Layer],
    config: Runtime | Mapping[str, Any] | None,
    platform: Platform | None,
    base: Image | None,
    created: str,
) -> dict[str, Any]:
    old: dict[str, Any] = msgspec.json.decode(base.raw_config) if base else {}
    own = _runtime(config)
    document = {**old, **_platform(platform or (base.platform if base else Platform())), "created": created}
    merged = {**(old.get("config") or {}), **own}
    if merged:
        document["config"] = merged
    diff_ids = [*(base.diff_ids if base else ()), *(layer.diff_id for layer in layers)]
    document["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
    document["history"] = [
        *(old.get("history") or ()),
        *({"created": created, "created_by": x.created_by} for x in layers),
    ]
    return document


def _runtime(config: Runtime | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(config, Runtime):
        runtime: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))
        return runtime
    return dict(config or {})


def _platform(platform: Platform) -> dict[str, str]:
    variant = {"variant": platform.variant} if platform.variant else {}
    return {"architecture": platform.architecture, "os": platform.os, **variant}


def _manifest(config: Descriptor, layers: Sequence[Layer], annotations: Mapping[str, str] | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": msgspec.to_builtins(config),
        "layers": [msgspec.to_builtins(layer.descriptor) for layer in layers],
    }
    return {**document, "annotations": dict(annotations)} if annotations else document
