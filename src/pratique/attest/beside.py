"""The image manifest that cosign keeps beside an image, one layer per signature or attestation (tags `.sig`, `.att`).

Pure: bytes in, bytes out. Keys and layers that we don't know are kept, for they are someone's signatures.
Source: sigstore/cosign `specs/SIGNATURE_SPEC.md`.
"""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from pratique.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of, is_digest
from pratique.model.errors import InvalidData, Unsafe

MAX_MANIFEST = 4 * 1024 * 1024  # bytes (distribution-spec: registries should accept manifests up to 4 MiB)
MAX_LAYERS = 100
_EPOCH = "0001-01-01T00:00:00Z"  # Go's zero time, as cosign writes it: the same signatures make the same manifest


class _Manifest(msgspec.Struct, rename="camel"):
    layers: tuple[Descriptor, ...] = ()
    annotations: dict[str, str] | None = None


class Manifest(msgspec.Struct, frozen=True):
    """A manifest of signatures: its layers and annotations, and the exact JSON they came from."""

    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    document: Mapping[str, object]


EMPTY = Manifest((), {}, {})


def tag(digest: Digest, suffix: str) -> str:
    """The tag that holds an image's signatures (`sig`) or attestations (`att`): `sha256-<hex>.sig`."""
    return f"{digest.replace(':', '-')}.{suffix}"


def parse(data: bytes) -> Manifest:
    """Read such a manifest. Raises InvalidData when it isn't one, has over 100 layers or over 4 MiB."""
    if len(data) > MAX_MANIFEST:
        raise InvalidData(f"a manifest of signatures with {len(data)} bytes, more than {MAX_MANIFEST}")
    try:
        manifest = msgspec.json.decode(data, type=_Manifest)
        document = msgspec.json.decode(data, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a manifest of signatures: {error}") from None
    if "manifests" in document:
        raise InvalidData("an index where a manifest of signatures should be")
    if len(manifest.layers) > MAX_LAYERS:
        raise InvalidData(f"a manifest of {len(manifest.layers)} signatures, more than {MAX_LAYERS}")
    for layer in manifest.layers:
        if not is_digest(layer.digest) or layer.size < 0:
            raise InvalidData(f"a signature's layer without a proper digest and size: {layer.digest[:100]!r}")
    return Manifest(manifest.layers, manifest.annotations or {}, document)


def render(old: Manifest, drop: Collection[int], new: Descriptor) -> tuple[bytes, bytes]:
    """The manifest without the layers at the positions `drop` and with a new last one, and its config.

    Raises Unsafe when there would be more than 100 layers, for nobody could read them all.
    """
    raw = msgspec.convert(old.document.get("layers", []), list[object])
    kept = [position for position in range(len(old.layers)) if position not in drop]
    if len(kept) >= MAX_LAYERS:
        raise Unsafe(f"the image already has {len(kept)} signatures of this kind", "remove some with `cosign clean`")
    config = msgspec.json.encode(_config([*(old.layers[position].digest for position in kept), new.digest]))
    manifest = {
        **old.document,
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": Descriptor(OCI_CONFIG, digest_of(config), len(config)),
        "layers": [*(raw[position] for position in kept), new],
    }
    return msgspec.json.encode(manifest), config


def _config(digests: Sequence[Digest]) -> dict[str, object]:
    return {
        "architecture": "",
        "created": _EPOCH,
        "history": [{"created": _EPOCH} for _ in digests],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": digests},
        "config": {},
    }
