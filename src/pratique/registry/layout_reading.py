"""Reading an OCI image layout (image-spec, image-layout.md), wherever its files are: a folder or a tar.

Accepts what skopeo, buildah, oras and Docker write: tags as `org.opencontainers.image.ref.name` or as full names in
`io.containerd.image.name`, indexes within `index.json`, and a single manifest without any tag.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import msgspec

from pratique.model.descriptor import INDEXES, Descriptor
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, NotFound, UsageError
from pratique.model.reference import Reference, is_tag
from pratique.registry import documents
from pratique.registry.blobs import verified
from pratique.registry.documents import Manifest
from pratique.registry.fallback import fallback_tag
from pratique.registry.repository import MANIFEST_LIMIT

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
_INDEX_LIMIT = 64 * 1024 * 1024  # bytes of index.json: room for a quarter of a million manifests


class LayoutReader:
    """The reading half of a repository. A subclass says how to open a file of the layout."""

    def __init__(self, reference: Reference) -> None:
        self.reference = Reference(reference.registry, reference.repository)
        self._decoded: dict[Digest, Manifest] = {}

    def open_file(self, path: str) -> tuple[BinaryIO, int] | None:
        """A file of the layout and its size in bytes, or None where there is no such file."""
        raise NotImplementedError

    def resolve(self, target: str) -> Descriptor:
        """See `Repository.resolve`."""
        if not is_digest(target):
            return _plain(self._tagged(target))
        for descriptor in self.entries():
            if descriptor.digest == target:
                return _plain(descriptor)
        return self._untold(Digest(target))

    def manifest(self, target: str) -> tuple[Descriptor, bytes]:
        """See `Repository.manifest`."""
        descriptor = self.resolve(target)
        if descriptor.size > MANIFEST_LIMIT:
            raise InvalidData(f"{self._name}: manifest of {descriptor.size} bytes", f"the limit is {MANIFEST_LIMIT}")
        with self.blob(descriptor) as stream:
            return descriptor, stream.read()

    @contextmanager
    def blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        """See `Repository.blob`."""
        found = self.open_file(blob_path(descriptor.digest))
        if found is None:
            raise NotFound(f"{self._name} has no blob {descriptor.digest}")
        with verified(found[0], descriptor) as stream:
            yield stream

    def has_blob(self, digest: Digest) -> bool:
        """See `Repository.has_blob`."""
        found = self.open_file(blob_path(digest))
        if found is None:
            return False
        found[0].close()
        return True

    def tags(self) -> Iterator[str]:
        """See `Repository.tags`. A full image name counts by its tag."""
        seen = dict.fromkeys(filter(None, (_tag_of(descriptor) for descriptor in self.entries())))
        return iter(tuple(seen))

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Repository.referrers`.

        As oras does, they are the entries of index.json whose manifest has that subject; what regctl and others keep
        under the referrers tag (distribution-spec, "Referrers Tag Schema") counts too.
        """
        entries = self.entries()
        fallback = fallback_tag(digest)
        candidates = [*entries]
        for entry in entries:
            if _tag_of(entry) == fallback and entry.media_type in INDEXES:
                candidates += self._decode(entry).children
        found: dict[Digest, Descriptor] = {}
        for entry in candidates:
            manifest = self._decode(entry)
            if manifest.subject is not None and manifest.subject.digest == digest:
                found[entry.digest] = documents.referrer(entry, manifest)
        return tuple(found[key] for key in found if artifact_type in {"", found[key].artifact_type})

    def entries(self) -> tuple[Descriptor, ...]:
        """The descriptors in index.json, as they stand there. Raises InvalidData."""
        data = self.read_file("index.json", _INDEX_LIMIT)
        if data is None:
            return ()
        index = documents.decode(data, _LayoutIndex, f"{self._name}: index.json")
        documents.check_descriptors(index.manifests, f"{self._name}: index.json")
        return index.manifests

    def read_file(self, path: str, limit: int) -> bytes | None:
        """All of a small file, or None. Raises InvalidData when it is larger than `limit` bytes."""
        found = self.open_file(path)
        if found is None:
            return None
        stream, size = found
        with stream:
            if size > limit:
                raise InvalidData(f"{self._name}: {path} has {size} bytes", f"the limit is {limit}")
            return stream.read()

    def sole_target(self) -> str:
        """What an image without a tag means here: the only one that there is. Raises NotFound, UsageError."""
        images = {entry.digest: entry for entry in self.entries() if self._decode(entry).subject is None}
        if len(images) == 1:
            return next(iter(images))
        if not images:
            raise NotFound(f"{self._name} has no image")
        names = ", ".join(sorted(filter(None, map(_tag_of, images.values())))[:10])
        raise UsageError(f"{self._name} has {len(images)} images", f"say which: {names or 'by digest'}")

    @property
    def _name(self) -> str:
        return self.reference.name

    def _tagged(self, target: str) -> Descriptor:
        matches = {entry.digest: entry for entry in self.entries() if target in {*_names(entry), _tag_of(entry)}}
        exact = [entry for entry in matches.values() if target in _names(entry)]
        found = exact or list(matches.values())
        if not found:
            raise NotFound(
                f"{self._name} has no {target[:200]}", f"it has: {', '.join(list(self.tags())[:10]) or 'no tags'}"
            )
        return found[-1]

    def _untold(self, digest: Digest) -> Descriptor:
        """A manifest that index.json doesn't list itself, such as a platform's within an index."""
        data = self.read_file(blob_path(digest), MANIFEST_LIMIT)
        if data is None:
            raise NotFound(f"{self._name} has no {digest}")
        name = f"{self._name}@{digest}"
        return Descriptor(documents.media_type_of(data, "", name), digest, len(data))

    def _decode(self, entry: Descriptor) -> Manifest:
        # A digest's content never changes: keep what was decoded.
        known = self._decoded.get(entry.digest)
        if known is None:
            known = self._decoded[entry.digest] = self._decode_now(entry)
        return known

    def _decode_now(self, entry: Descriptor) -> Manifest:
        if entry.media_type not in documents.KNOWN:
            return Manifest()
        try:
            _, data = self.manifest(entry.digest)
        except NotFound:
            return Manifest()  # a sparse layout: listed, but not here
        return documents.decode_manifest(data, entry.media_type, f"{self._name}@{entry.digest}")


class _LayoutIndex(msgspec.Struct, frozen=True):
    manifests: tuple[Descriptor, ...] = ()


def blob_path(digest: Digest) -> str:
    """Where a layout keeps a blob. Raises InvalidData unless it is a digest: this becomes a path."""
    if not is_digest(digest):
        raise InvalidData(f"not a digest: {digest[:100]!r}")
    return f"blobs/{digest.replace(':', '/')}"


def _plain(entry: Descriptor) -> Descriptor:
    """Without the notes that index.json makes: in any place the same manifest has the same descriptor."""
    return Descriptor(entry.media_type, entry.digest, entry.size)


def _names(entry: Descriptor) -> tuple[str, ...]:
    return tuple(filter(None, (entry.annotations.get(REF_NAME), entry.annotations.get(CONTAINERD_NAME))))


def _tag_of(entry: Descriptor) -> str:
    """The tag that an entry goes by: names may be full references."""
    for name in _names(entry):
        if is_tag(name):
            return name
        try:
            return Reference.parse(name).tag or ""
        except UsageError:
            continue
    return ""
