"""Referrers with their types, where a registry's list leaves them out."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from msgspec.structs import replace

from pratique.model.descriptor import MANIFESTS, Descriptor
from pratique.model.errors import NotFound
from pratique.registry import documents
from pratique.registry.repository import Repository

_LIMIT = 100  # manifests that are looked into


def typed(repository: Repository, entries: Iterable[Descriptor]) -> Iterator[Descriptor]:
    """The entries; one without an artifact type gets its manifest's (ACR leaves some out: its issue 784)."""
    left = _LIMIT
    for entry in entries:
        if entry.artifact_type or entry.media_type not in MANIFESTS or not left:
            yield entry
            continue
        left -= 1
        with suppress(NotFound):
            _, data = repository.manifest(entry.digest)
            kind = documents.decode_manifest(data, entry.media_type, repository.reference.name).kind
            entry = replace(entry, artifact_type=kind)
        yield entry
