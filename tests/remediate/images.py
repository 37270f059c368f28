"""Small real images for this room's tests."""

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pratique.model.descriptor import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import Digest, digest_of
from pratique.model.image import History, Image, Layer, Runtime
from pratique.model.reference import Reference

BASE = Reference.parse("registry.test/base:1")
APP = Reference.parse("registry.test/app:1")
NOW = "2026-01-02T03:04:05Z"


def tar(files: Mapping[str, str]) -> bytes:
    """A layer's tar with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def digest(word: str) -> Digest:
    """The digest that stands for a word."""
    return Digest("sha256:" + hashlib.sha256(word.encode()).hexdigest())


def image(
    layers: Sequence[str],
    config: Mapping[str, Any] | None = None,
    *,
    history: Sequence[Mapping[str, Any]] | None = None,
    annotations: Mapping[str, str] | None = None,
    platform: Platform | None = None,
    manifest: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    layer_type: str = OCI_LAYER_GZIP,
    config_type: str = OCI_CONFIG,
    media_type: str = OCI_MANIFEST,
) -> Image:
    """An image as a value only, each layer named by a word; `more` are further keys of the config document."""
    platform = platform or Platform()
    lines = [{"created_by": f"RUN {word}"} for word in layers] if history is None else history
    document = {
        "architecture": platform.architecture,
        "os": platform.os,
        "config": dict(config or {}),
        "rootfs": {"type": "layers", "diff_ids": [digest(word) for word in layers]},
        **({"history": lines} if lines else {}),
        **({"variant": platform.variant} if platform.variant else {}),
        **(more or {}),
    }
    raw_config = msgspec.json.encode(document)
    config_descriptor = Descriptor(config_type, digest_of(raw_config), len(raw_config))
    stack = tuple(Layer(Descriptor(layer_type, digest(word + ".gz"), len(word)), digest(word)) for word in layers)
    raw_manifest = msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": config_descriptor,
            "layers": [layer.descriptor for layer in stack],
            **({"annotations": annotations} if annotations else {}),
            **(manifest or {}),
        }
    )
    return Image(
        digest=digest_of(raw_manifest),
        media_type=media_type,
        platform=platform,
        config=config_descriptor,
        runtime=msgspec.convert(dict(config or {}), Runtime),
        layers=stack,
        history=tuple(msgspec.convert(line, History) for line in lines),
        annotations=annotations or {},
        raw_manifest=raw_manifest,
        raw_config=raw_config,
    )
