"""The two protocols that every place for images implements (OCI distribution-spec 1.1, as a vocabulary)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest
from pratique.model.reference import Reference

MANIFEST_LIMIT = 4 * 1024 * 1024  # bytes; distribution-spec, "Pushing Manifests": the least that registries must accept
CONFIG_LIMIT = 8 * 1024 * 1024  # bytes
LAYERS_LIMIT = 1000  # containerd and Docker stop at 128 on overlayfs; nothing real has more


class Repository(Protocol):
    """One repository: blobs by digest, manifests by tag or digest. Safe to use from several threads."""

    @property
    def reference(self) -> Reference:
        """Where this is, without tag and digest."""

    def resolve(self, target: str) -> Descriptor:
        """The descriptor of the manifest that a tag or digest names. Raises NotFound."""

    def manifest(self, target: str) -> tuple[Descriptor, bytes]:
        """A manifest or index with its exact bytes, digest checked. Raises NotFound, IntegrityError, InvalidData."""

    def blob(self, descriptor: Descriptor) -> AbstractContextManager[BinaryIO]:
        """A stream that checks digest and size: reading to the end raises IntegrityError when they differ.

        Raises NotFound on entering. Closing early is fine.
        """

    def has_blob(self, digest: Digest) -> bool:
        """Whether the blob is here."""

    def put_blob(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """Store a blob. Raises IntegrityError, and stores nothing, when the content isn't the descriptor's."""

    def mount_blob(self, descriptor: Descriptor, source: Reference) -> bool:
        """Take a blob over from another repository of the same registry without sending it; False when that fails."""

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """Store a manifest or index, and tag it. What it refers to must be here, except its subject.

        A `subject` makes it one of that digest's referrers. Raises InvalidData, UsageError (not a tag).
        """

    def tags(self) -> Iterator[str]:
        """All tags."""

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """The manifests whose `subject` is the digest, with artifact type and annotations; none is no error."""


class Registry(Protocol):
    """A place with many repositories."""

    def repository(self, reference: Reference) -> Repository:
        """The repository that a reference names; its tag and digest don't matter. It need not exist yet."""
