"""What `docker save` writes, seen as manifests and blobs (moby image-spec v1.2: manifest.json; v1: `repositories`).

The archive has no manifest of the kind that registries keep. One is made from manifest.json: its digest is ours and
only good within the archive. An uncompressed layer's digest is its diffID, so that it need not be hashed to be named.
"""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec

from pratique.model.descriptor import OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of, is_digest
from pratique.model.errors import InvalidData
from pratique.registry import documents
from pratique.registry.documents import Config
from pratique.registry.repository import CONFIG_LIMIT, LAYERS_LIMIT, MANIFEST_LIMIT
from pratique.registry.tar_index import TarIndex

_CHUNK = 1024 * 1024


class Saved(msgspec.Struct, frozen=True):
    """One image of the archive: its manifest with descriptor, its names, and the member that holds each blob."""

    descriptor: Descriptor
    manifest: bytes
    names: tuple[str, ...]
    members: dict[Digest, str]
    made: dict[Digest, bytes]


class _Entry(msgspec.Struct, frozen=True, rename="pascal"):
    config: str
    layers: tuple[str, ...] | None = None
    repo_tags: tuple[str, ...] | None = None


class _V1(msgspec.Struct, frozen=True):
    parent: str = ""
    os: str = "linux"
    architecture: str = "amd64"
    created: str | None = None
    config: dict[str, Any] | None = None


def images(tar: TarIndex) -> tuple[Saved, ...]:
    """All images of the archive. Raises InvalidData."""
    return tuple(_images(tar))


def _images(tar: TarIndex) -> Iterator[Saved]:
    listed = _small(tar, "manifest.json", MANIFEST_LIMIT)
    if listed is not None:
        for entry in documents.decode(listed, tuple[_Entry, ...], f"{tar.path}: manifest.json"):
            config = _needed(tar, entry.config, CONFIG_LIMIT)
            yield _saved(tar, config, entry.layers or (), entry.repo_tags or (), entry.config)
        return
    repositories = _small(tar, "repositories", MANIFEST_LIMIT)
    if repositories is None:
        raise InvalidData(f"{tar.path} is not a docker archive", "it has no manifest.json")
    for name, tags in documents.decode(repositories, dict[str, dict[str, str]], f"{tar.path}: repositories").items():
        for tag, leaf in tags.items():
            config, layers = _version_1(tar, leaf)
            yield _saved(tar, config, layers, (f"{name}:{tag}",), "")


def _saved(tar: TarIndex, raw: bytes, layers: tuple[str, ...], names: tuple[str, ...], config_member: str) -> Saved:
    config = documents.decode(raw, Config, f"{tar.path}: config")
    diff_ids = config.rootfs.diff_ids or ()
    if len(diff_ids) != len(layers) or len(layers) > LAYERS_LIMIT:
        raise InvalidData(f"{tar.path}: {len(layers)} layers, but the config counts {len(diff_ids)}")
    pairs = [(_layer(tar, member, diff_id), member) for member, diff_id in zip(layers, diff_ids, strict=True)]
    config_descriptor = Descriptor(OCI_CONFIG, digest_of(raw), len(raw))
    manifest = documents.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config_descriptor,
            "layers": [descriptor for descriptor, _ in pairs],
        }
    )
    descriptor = Descriptor(OCI_MANIFEST, digest_of(manifest), len(manifest))
    members = {layer.digest: member for layer, member in pairs}
    made = {descriptor.digest: manifest}
    if config_member:
        members[config_descriptor.digest] = config_member
    else:
        made[config_descriptor.digest] = raw
    return Saved(descriptor, manifest, names, members, made)


def _layer(tar: TarIndex, member: str, diff_id: str) -> Descriptor:
    if not is_digest(diff_id):
        raise InvalidData(f"{tar.path}: config: not a digest: {diff_id[:100]!r}")
    found = tar.open(member)
    if found is None:
        raise InvalidData(f"{tar.path}: layer {member[:200]} is missing")
    stream, size = found
    with closing(stream):
        magic = stream.read(4)
    if magic[:2] == b"\x1f\x8b":
        return Descriptor(OCI_LAYER_GZIP, _hashed(tar, member), size)
    if magic == b"\x28\xb5\x2f\xfd":
        return Descriptor(OCI_LAYER_ZSTD, _hashed(tar, member), size)
    return Descriptor(OCI_LAYER, Digest(diff_id), size)


def _hashed(tar: TarIndex, member: str) -> Digest:
    found = tar.open(member)
    if found is None:
        raise InvalidData(f"{tar.path}: layer {member[:200]} is missing")
    hashed = hashlib.sha256()
    with closing(found[0]) as stream:
        while chunk := stream.read(_CHUNK):
            hashed.update(chunk)
    return Digest(f"sha256:{hashed.hexdigest()}")


def _version_1(tar: TarIndex, leaf: str) -> tuple[bytes, tuple[str, ...]]:
    """Config and layers of an image as Docker saved it before 1.10: a chain of `ID/json` with `ID/layer.tar`."""
    chain: list[tuple[str, _V1]] = []
    following = leaf
    while following:
        if len(chain) >= LAYERS_LIMIT:
            raise InvalidData(f"{tar.path}: a chain of more than {LAYERS_LIMIT} layers")
        data = _needed(tar, f"{following}/json", CONFIG_LIMIT)
        chain.append((following, documents.decode(data, _V1, f"{tar.path}: {following[:100]}/json")))
        following = chain[-1][1].parent
    layers = tuple(f"{name}/layer.tar" for name, _ in reversed(chain))
    last = chain[0][1] if chain else _V1()
    config = {
        "architecture": last.architecture,
        "os": last.os,
        "created": last.created,
        "config": last.config or {},
        "rootfs": {"type": "layers", "diff_ids": [_hashed(tar, member) for member in layers]},
    }
    return documents.encode(config), layers


def _needed(tar: TarIndex, member: str, limit: int) -> bytes:
    data = _small(tar, member, limit)
    if data is None:
        raise InvalidData(f"{tar.path}: {member[:200]} is missing")
    return data


def _small(tar: TarIndex, member: str, limit: int) -> bytes | None:
    found = tar.open(member)
    if found is None:
        return None
    stream, size = found
    with closing(stream):
        if size > limit:
            raise InvalidData(f"{tar.path}: {member[:200]} has {size} bytes", f"the limit is {limit}")
        return stream.read()
