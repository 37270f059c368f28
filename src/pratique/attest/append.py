"""Add one layer to the manifest of signatures beside an image: read, decide, push, look again."""

import io
from collections.abc import Callable, Collection

from pratique.attest import beside
from pratique.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from pratique.model.digest import digest_of
from pratique.model.errors import NotFound, Unavailable
from pratique.registry.repository import Repository

_ATTEMPTS = 5  # a registry has no compare-and-swap: we look again after a push, and add ours again if it was lost


def append(
    repository: Repository,
    tag: str,
    layer: Descriptor,
    content: bytes,
    is_same: Callable[[Descriptor], bool],
    is_replaced: Callable[[Descriptor], bool] = lambda _: False,
) -> Descriptor:
    """Make sure that `tag` holds the layer, or one that says the same, and none that it replaces.

    Returns the manifest's descriptor. Layers of others are kept as they are. Raises what the repository raises, and
    Unavailable when others keep overwriting the tag.
    """
    for _ in range(_ATTEMPTS):
        descriptor, old = _current(repository, tag)
        same = [position for position, each in enumerate(old.layers) if is_same(each)]
        drop = {position for position, each in enumerate(old.layers) if is_replaced(each)}
        if descriptor and same and not drop - {same[-1]}:
            return descriptor
        _push(repository, tag, old, drop, layer, content)
    raise Unavailable(f"others keep writing {tag} of {repository.reference}", "try again")


def put(repository: Repository, descriptor: Descriptor, content: bytes) -> None:
    """Store a small blob unless it is there."""
    if not repository.has_blob(descriptor.digest):
        repository.put_blob(descriptor, io.BytesIO(content))


def _push(
    repository: Repository, tag: str, old: beside.Manifest, drop: Collection[int], layer: Descriptor, content: bytes
) -> None:
    manifest, config = beside.render(old, drop, layer)
    put(repository, layer, content)
    put(repository, Descriptor(OCI_CONFIG, digest_of(config), len(config)), config)
    repository.put_manifest(manifest, OCI_MANIFEST, tag)


def _current(repository: Repository, tag: str) -> tuple[Descriptor | None, beside.Manifest]:
    try:
        descriptor, data = repository.manifest(tag)
    except NotFound:
        return None, beside.EMPTY
    return descriptor, beside.parse(data)
