"""The index of referrers under a tag, for registries without the API (distribution-spec, "Referrers Tag Schema")."""

from pratique.model.descriptor import INDEXES, OCI_INDEX, Descriptor
from pratique.model.digest import Digest
from pratique.model.errors import NotFound
from pratique.registry import documents
from pratique.registry.repository import Repository

_TRIES = 4


def fallback_tag(digest: Digest) -> str:
    """The tag of the index of a digest's referrers."""
    return digest.replace(":", "-")[:128]


class Fallback:
    """Reads and writes these indexes in one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def read(self, digest: Digest) -> tuple[Descriptor, ...]:
        """What the tag lists; nothing when there is no such tag, or when it is something else."""
        try:
            descriptor, data = self._repository.manifest(fallback_tag(digest))
        except NotFound:
            return ()
        if descriptor.media_type not in INDEXES:
            return ()
        name = f"{self._repository.reference.name}: referrers"
        return documents.decode_manifest(data, descriptor.media_type, name).children

    def add(self, digest: Digest, entry: Descriptor) -> None:
        """List one more, once. Others may write at the same time: look again after writing."""
        for _ in range(_TRIES):
            entries = self.read(digest)
            if any(old.digest == entry.digest for old in entries):
                return
            index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, entry]}
            self._repository.put_manifest(documents.encode(index), OCI_INDEX, fallback_tag(digest))
