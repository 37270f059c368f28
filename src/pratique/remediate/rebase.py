"""The act of a rebase: blobs that the registry has are mounted, config and manifest are pushed, the manifest last.

Between repositories of one registry no layer travels at all.
"""

from io import BytesIO
from typing import Any

import msgspec

from pratique.model.descriptor import INDEXES, Descriptor
from pratique.model.errors import NotFound
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry.images import copy, load
from pratique.registry.repository import Repository
from pratique.remediate.media import is_foreign
from pratique.remediate.rebase_plan import RebasedImage, rebased
from pratique.remediate.safety import Facts

_ATTESTS = "vnd.docker.reference.digest"  # BuildKit's attestation manifests name the image that they speak of


def rebase(
    source: Repository,
    target: Repository,
    image: Image,
    old_base: Image,
    new_base: Image,
    *,
    base_repository: Repository,
    base_reference: Reference,
    created: str,
    tag: str | None = None,
    facts: Facts | None = None,
) -> Image:
    """Put `image` of `source` on `new_base` of `base_repository`, in `target`, and tag it; returns the new image.

    `created` is RFC 3339. An image that was chosen from an index is replaced in that index, which then takes the tag,
    so that no platform is lost. Raises Unsafe with the reason before anything is sent, NotFound, Refused, Unavailable.
    """
    result = rebased(image, old_base, new_base, base_reference=base_reference, created=created, facts=facts)
    for layer in result.layers:
        _bring(layer.descriptor, base_repository if layer.from_base else source, target)
    target.put_blob(result.config_descriptor, BytesIO(result.config))
    index = _index(source, image) if tag else None
    descriptor = target.put_manifest(result.manifest, result.media_type, None if index else tag)
    if index:
        descriptor = _put_index(source, target, index, image, result, tag)
    return load(target, descriptor.digest, image.platform)


def _bring(descriptor: Descriptor, origin: Repository, target: Repository) -> None:
    if target.has_blob(descriptor.digest):
        return
    same_registry = origin.reference.registry == target.reference.registry
    if same_registry and target.mount_blob(descriptor, origin.reference):
        return
    if is_foreign(descriptor.media_type) and not origin.has_blob(descriptor.digest):
        return  # it is had from its own URLs
    with origin.blob(descriptor) as content:
        target.put_blob(descriptor, content)


def _index(source: Repository, image: Image) -> tuple[Descriptor, dict[str, Any]] | None:
    if image.index is None:
        return None
    try:
        descriptor, data = source.manifest(image.index)
    except NotFound:
        return None
    if descriptor.media_type not in INDEXES:
        return None
    return descriptor, msgspec.json.decode(data, type=dict[str, Any])


def _put_index(
    source: Repository,
    target: Repository,
    index: tuple[Descriptor, dict[str, Any]],
    image: Image,
    result: RebasedImage,
    tag: str | None,
) -> Descriptor:
    descriptor, document = index
    children = replaced(document.get("manifests") or [], image, result.descriptor)
    for child in children:
        if child["digest"] != result.descriptor.digest:
            kept = Descriptor(child["mediaType"], child["digest"], child["size"])
            copy(source, target, kept)
    data = msgspec.json.encode({**document, "manifests": children})
    return target.put_manifest(data, descriptor.media_type, tag)


def replaced(children: list[dict[str, Any]], old: Image, new: Descriptor) -> list[dict[str, Any]]:
    """An index's manifests with one image in the place of another (pure); what attested the old one is left out."""
    own = {"mediaType": new.media_type, "digest": new.digest, "size": new.size}
    return [
        {**child, **own} if child.get("digest") == old.digest else child
        for child in children
        if (child.get("annotations") or {}).get(_ATTESTS) != old.digest
    ]
