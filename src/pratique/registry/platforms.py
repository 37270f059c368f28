"""Every image that a name means: of a multi-platform one, all that its index lists."""

from collections.abc import Iterator

from msgspec.structs import replace

from pratique.model.descriptor import INDEXES, MANIFESTS, Descriptor
from pratique.model.errors import InvalidData, NotFound
from pratique.registry import documents
from pratique.registry.loading import load
from pratique.registry.repository import Repository

_LIMIT = 100  # images; real indexes have twenty at most
_DEPTH = 4  # indexes within indexes
_ATTESTATION = "vnd.docker.reference.type"  # BuildKit lists its attestations as images for the platform "unknown"


def platforms(repository: Repository, target: str) -> tuple[Descriptor, ...]:
    """The images that a tag or digest means, with their platforms, each once and in the index's order.

    Attestations and other artifacts in an index are left out. Raises NotFound (no such tag, or no image in the index),
    InvalidData (not an image, more than a hundred).
    """
    descriptor, data = repository.manifest(target)
    found: dict[str, Descriptor] = {}
    for image in _images(repository, descriptor, data, _DEPTH):
        found.setdefault(image.digest, image)
        if len(found) > _LIMIT:
            raise InvalidData(f"{repository.reference.name} {target} has more than {_LIMIT} images")
    if not found:
        raise NotFound(f"{repository.reference.name} {target} has no image in its index")
    return tuple(found.values())


def _images(repository: Repository, descriptor: Descriptor, data: bytes, depth: int) -> Iterator[Descriptor]:
    if descriptor.media_type not in INDEXES:
        yield replace(descriptor, platform=load(repository, descriptor.digest).platform)
        return
    for child in documents.decode_manifest(data, descriptor.media_type, repository.reference.name).children:
        if child.media_type in INDEXES and depth:
            yield from _images(repository, *repository.manifest(child.digest), depth - 1)
        elif child.media_type in MANIFESTS and not _is_other(child):
            yield from _child(repository, child)


def _child(repository: Repository, child: Descriptor) -> Iterator[Descriptor]:
    if child.platform is not None:
        yield child
        return
    try:
        yield replace(child, platform=load(repository, child.digest).platform)
    except InvalidData:
        return  # an artifact among images


def _is_other(child: Descriptor) -> bool:
    said = child.platform.os if child.platform else ""
    return said == "unknown" or _ATTESTATION in child.annotations or bool(child.artifact_type)
