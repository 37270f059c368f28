"""A rebase, decided: the manifest and config that put an image's own layers on another version of its base. No I/O.

Nothing is built and no layer is read: base layers are exchanged in the manifest, and the configuration follows.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from pratique.model.change import Change
from pratique.model.descriptor import Descriptor
from pratique.model.digest import digest_of, short
from pratique.model.errors import InvalidData, Unsafe
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image
from pratique.model.reference import Reference
from pratique.remediate.history import base_lines, own_lines
from pratique.remediate.media import fits_docker, is_docker, translated
from pratique.remediate.merge import Json, differences, merge_config
from pratique.remediate.safety import Facts, obstacle

_CREATED = "org.opencontainers.image.created"


class PlacedLayer(msgspec.Struct, frozen=True):
    """A layer of the new image: its descriptor there, and whether its blob comes from the base's repository."""

    descriptor: Descriptor
    from_base: bool


class RebasedImage(msgspec.Struct, frozen=True):
    """The new image, ready to be pushed: exact bytes, where each layer comes from, and what changed."""

    manifest: bytes
    media_type: str
    config: bytes
    config_descriptor: Descriptor
    layers: tuple[PlacedLayer, ...]
    changes: tuple[Change, ...]

    @property
    def descriptor(self) -> Descriptor:
        """The new manifest's descriptor."""
        return Descriptor(self.media_type, digest_of(self.manifest), len(self.manifest))


def rebased(
    image: Image,
    old_base: Image,
    new_base: Image,
    *,
    base_reference: Reference,
    created: str,
    facts: Facts | None = None,
) -> RebasedImage:
    """`image` moved from `old_base` to `new_base`, which `base_reference` names. `created` is RFC 3339.

    The same arguments give the same bytes. Raises Unsafe with the reason, InvalidData for bytes that are no image's.
    """
    reason = obstacle(image, old_base, new_base, facts)
    if reason:
        hint = "rebuild it from its Dockerfile on the new base instead"
        raise Unsafe(f"cannot rebase {short(image.digest)}: {reason}", hint)
    layers = (*new_base.layers, *image.layers[len(old_base.layers) :])
    docker = is_docker(image.media_type) and fits_docker(layer.descriptor.media_type for layer in layers)
    config, settings = _config(image, old_base, new_base, base_reference, created)
    config_descriptor = Descriptor(translated(image.config.media_type, docker), digest_of(config), len(config))
    placed = _placed(image, old_base, new_base, docker)
    manifest = _manifest(image, new_base, config_descriptor, placed, base_reference, created, docker)
    changes = (*_base_changes(old_base, new_base), *settings)
    return RebasedImage(manifest, translated(image.media_type, docker), config, config_descriptor, placed, changes)


def _config(
    image: Image, old_base: Image, new_base: Image, reference: Reference, created: str
) -> tuple[bytes, tuple[Change, ...]]:
    old, new, config = (_decode(each.raw_config, each) for each in (old_base, new_base, image))
    settings = merge_config(_object(config, "config"), _object(old, "config"), _object(new, "config"))
    labels = settings.get("Labels") or {}
    for key, value in ((BASE_NAME, str(reference)), (BASE_DIGEST, new_base.digest)):
        if key in labels:
            labels[key] = value
    changes = tuple(differences(_object(config, "config"), settings))
    for key in ("os.version", "os.features"):
        if key in new and config.get(key) == old.get(key):
            config[key] = new[key]
    config["created"] = created
    config["config"] = settings
    own = image.diff_ids[len(old_base.layers) :]
    config["rootfs"] = {**_object(config, "rootfs"), "type": "layers", "diff_ids": [*new_base.diff_ids, *own]}
    history = _history(image, old_base, new_base, config, old, new)
    if history:
        config["history"] = history
    return msgspec.json.encode(config), changes


def _history(image: Image, old_base: Image, new_base: Image, config: Json, old: Json, new: Json) -> list[Json]:
    if not _lines(config) and not _lines(new):
        return []
    own = own_lines(_lines(config), _lines(old), len(old_base.layers), len(image.layers))
    return base_lines(_lines(new), len(new_base.layers)) + own


def _placed(image: Image, old_base: Image, new_base: Image, docker: bool) -> tuple[PlacedLayer, ...]:
    def place(descriptor: Descriptor, from_base: bool) -> PlacedLayer:
        media_type = translated(descriptor.media_type, docker)
        return PlacedLayer(msgspec.structs.replace(descriptor, media_type=media_type), from_base)

    base = (place(layer.descriptor, True) for layer in new_base.layers)
    own = (place(layer.descriptor, False) for layer in image.layers[len(old_base.layers) :])
    return (*base, *own)


def _manifest(
    image: Image,
    new_base: Image,
    config: Descriptor,
    placed: tuple[PlacedLayer, ...],
    reference: Reference,
    created: str,
    docker: bool,
) -> bytes:
    manifest = _decode(image.raw_manifest, image)
    own = list(_entries(manifest))[len(image.layers) - sum(not layer.from_base for layer in placed) :]
    entries = [*_entries(_decode(new_base.raw_manifest, new_base)), *own]
    manifest["layers"] = [{**entry, "mediaType": translated(str(entry["mediaType"]), docker)} for entry in entries]
    manifest["config"] = {
        **{key: value for key, value in _object(manifest, "config").items() if key != "data"},  # an inlined copy
        "mediaType": config.media_type,
        "digest": config.digest,
        "size": config.size,
    }
    if "mediaType" in manifest:
        manifest["mediaType"] = translated(image.media_type, docker)
    if not docker:  # Docker's manifests have no annotations
        annotations = {**_object(manifest, "annotations"), BASE_NAME: str(reference), BASE_DIGEST: new_base.digest}
        if _CREATED in annotations:
            annotations[_CREATED] = created
        manifest["annotations"] = annotations
    return msgspec.json.encode(manifest)


def _base_changes(old_base: Image, new_base: Image) -> Iterator[Change]:
    if old_base.digest != new_base.digest:
        yield Change("the base has a new version", old_base.digest, new_base.digest)
    kept = sum(one == other for one, other in zip(old_base.diff_ids, new_base.diff_ids, strict=False))
    if kept < max(len(old_base.layers), len(new_base.layers)):
        yield Change("layers of the base are replaced", str(len(old_base.layers)), str(len(new_base.layers)))


def _decode(data: bytes, image: Image) -> Json:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InvalidData(f"the manifest or config of {image.digest} is not a JSON object", str(error)) from None


def _object(parent: Json, key: str) -> Json:
    value = parent.get(key)
    return dict(value) if isinstance(value, dict) else {}


def _lines(config: Json) -> list[Json]:
    value = config.get("history")
    return [line for line in value if isinstance(line, dict)] if isinstance(value, list) else []


def _entries(manifest: Json) -> Iterator[Json]:
    layers = manifest.get("layers")
    if not isinstance(layers, list) or not all(isinstance(entry, dict) and "mediaType" in entry for entry in layers):
        raise InvalidData("a manifest's layers are not descriptors", "the image is malformed; push it again")
    yield from layers
