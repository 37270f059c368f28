"""The twin: a registry in memory that keeps the same laws as the real ones, for tests and trial runs."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from typing import BinaryIO

from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest, digest_of, is_digest
from pratique.model.errors import NotFound, UsageError
from pratique.model.reference import Reference, is_tag
from pratique.registry import documents
from pratique.registry.blobs import copy_verified, verified


class InMemoryRegistry:
    """A registry of repositories that live as long as it does."""

    def __init__(self) -> None:
        self._repositories: dict[str, InMemoryRepository] = {}
        self._lock = threading.Lock()

    def repository(self, reference: Reference) -> "InMemoryRepository":
        """See `Registry.repository`: the same object for the same name."""
        with self._lock:
            if reference.name not in self._repositories:
                self._repositories[reference.name] = InMemoryRepository(reference, self)
            return self._repositories[reference.name]


class InMemoryRepository:
    """See `Repository`."""

    def __init__(self, reference: Reference, registry: InMemoryRegistry) -> None:
        self.reference = Reference(reference.registry, reference.repository)
        self._registry = registry
        self._blobs: dict[Digest, bytes] = {}
        self._manifests: dict[Digest, tuple[Descriptor, bytes]] = {}
        self._tags: dict[str, Digest] = {}
        self._lock = threading.RLock()

    def resolve(self, target: str) -> Descriptor:
        """See `Repository.resolve`."""
        return self.manifest(target)[0]

    def manifest(self, target: str) -> tuple[Descriptor, bytes]:
        """See `Repository.manifest`."""
        with self._lock:
            digest = Digest(target) if is_digest(target) else self._tags.get(target)
            found = self._manifests.get(digest) if digest else None
        if found is None:
            raise NotFound(f"{self.reference.name} has no {target[:200]}")
        return found

    def blob(self, descriptor: Descriptor) -> AbstractContextManager[BinaryIO]:
        """See `Repository.blob`."""
        data = self._content(descriptor.digest)
        if data is None:
            raise NotFound(f"{self.reference.name} has no blob {descriptor.digest}")
        return verified(BytesIO(data), descriptor)

    def has_blob(self, digest: Digest) -> bool:
        """See `Repository.has_blob`."""
        return self._content(digest) is not None

    def put_blob(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """See `Repository.put_blob`."""
        chunks: list[bytes] = []
        copy_verified(descriptor, content, chunks.append)
        with self._lock:
            self._blobs[descriptor.digest] = b"".join(chunks)

    def mount_blob(self, descriptor: Descriptor, source: Reference) -> bool:
        """See `Repository.mount_blob`."""
        if source.registry != self.reference.registry:
            return False
        data = self._registry.repository(source)._content(descriptor.digest)  # noqa: SLF001 - its own kind
        if data is None:
            return False
        with self._lock:
            self._blobs[descriptor.digest] = data
        return True

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """See `Repository.put_manifest`."""
        if tag is not None and not is_tag(tag):
            raise UsageError(f"not a tag: {tag[:100]!r}")
        manifest = documents.decode_manifest(data, media_type, self.reference.name)
        documents.require_blobs(self.reference.name, self.has_blob, manifest)
        descriptor = Descriptor(media_type, digest_of(data), len(data))
        with self._lock:
            self._manifests[descriptor.digest] = (descriptor, data)
            if tag is not None:
                self._tags[tag] = descriptor.digest
        return descriptor

    def tags(self) -> Iterator[str]:
        """See `Repository.tags`."""
        with self._lock:
            return iter(sorted(self._tags))

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Repository.referrers`."""
        with self._lock:
            stored = tuple(self._manifests.values())
        found: list[Descriptor] = []
        for descriptor, data in stored:
            manifest = documents.decode_manifest(data, descriptor.media_type, self.reference.name)
            if manifest.subject is not None and manifest.subject.digest == digest:
                found.append(documents.referrer(descriptor, manifest))
        return tuple(entry for entry in found if artifact_type in {"", entry.artifact_type})

    def _content(self, digest: Digest) -> bytes | None:
        with self._lock:
            if digest in self._blobs:
                return self._blobs[digest]
            return self._manifests[digest][1] if digest in self._manifests else None
