"""Manifests, indexes and configs as they stand in JSON, decoded and checked (OCI image-spec 1.1, Docker schema 2)."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from pratique.model.descriptor import INDEXES, MANIFESTS, OCI_INDEX, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, hasher, is_digest
from pratique.model.errors import IntegrityError, InvalidData
from pratique.model.image import History, Runtime
from pratique.registry.repository import MANIFEST_LIMIT

KNOWN = MANIFESTS | INDEXES
_T = TypeVar("_T")


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """Any manifest or index: the fields that decide something. Which ones are set depends on the media type."""

    media_type: str = ""
    artifact_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Config and layers."""
        return (*((self.config,) if self.config else ()), *(self.layers or ()))

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """The manifests that an index lists."""
        return self.manifests or ()

    @property
    def kind(self) -> str:
        """What a referrers list says of it: its artifact type, or its config's media type (distribution-spec)."""
        return self.artifact_type or (self.config.media_type if self.config else "")


class RootFS(msgspec.Struct, frozen=True):
    """The `rootfs` of a config: the digests of the uncompressed layers, base first."""

    diff_ids: tuple[str, ...] | None = None


class Config(msgspec.Struct, frozen=True):
    """An image's config (image-spec, config.md): what we read of it."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    created: str | None = None
    config: Runtime | None = None
    rootfs: RootFS = RootFS()
    history: tuple[History, ...] | None = None


def decode(data: bytes, kind: type[_T], name: str) -> _T:
    """JSON from outside as a typed value. Raises InvalidData that names it."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"{name} is not what it should be", str(error)[:200]) from None


def decode_manifest(data: bytes, media_type: str, name: str) -> Manifest:
    """A manifest or index of the media type that came with it. Raises InvalidData.

    A document that is both, or that claims another type than its transport did, is refused: two readers could see two
    different images in it (CVE-2021-41190).
    """
    if len(data) > MANIFEST_LIMIT:
        raise InvalidData(f"{name}: manifest of {len(data)} bytes", f"the limit is {MANIFEST_LIMIT}")
    manifest = decode(data, Manifest, f"{name}: manifest")
    _check_kind(manifest, media_type, name)
    subject = (manifest.subject,) if manifest.subject else ()
    check_descriptors((*manifest.blobs, *manifest.children, *subject), name)
    return manifest


def _check_kind(manifest: Manifest, media_type: str, name: str) -> None:
    if manifest.media_type and media_type and manifest.media_type != media_type:
        raise InvalidData(f"{name}: sent as {media_type[:100]} but says {manifest.media_type[:100]}")
    if manifest.manifests is not None and (manifest.config or manifest.layers is not None):
        raise InvalidData(f"{name}: both an index and a manifest", "it was made to be read in two ways; don't trust it")
    if media_type in INDEXES and (manifest.config or manifest.layers):
        raise InvalidData(f"{name}: sent as an index but is a manifest")
    if media_type in MANIFESTS and (manifest.manifests is not None or manifest.config is None):
        raise InvalidData(f"{name}: sent as a manifest but has no config")


def check_descriptors(descriptors: tuple[Descriptor, ...], name: str) -> None:
    """Raise InvalidData unless digests are digests (they become file names and parts of URLs) and sizes make sense."""
    for descriptor in descriptors:
        if not is_digest(descriptor.digest):
            raise InvalidData(f"{name}: not a digest: {descriptor.digest[:100]!r}")
        if descriptor.size < 0:
            raise InvalidData(f"{name}: {descriptor.digest} with {descriptor.size} bytes")


def media_type_of(data: bytes, said: str, name: str) -> str:
    """A manifest's media type: the one that came with it where we know that one, else its own word, else its shape.

    Raises InvalidData.
    """
    if said in KNOWN:
        return said
    manifest = decode(data, Manifest, f"{name}: manifest")
    if manifest.media_type:
        return manifest.media_type
    if manifest.manifests is not None:
        return OCI_INDEX
    return OCI_MANIFEST if manifest.config else said


def check_digest(data: bytes, digest: Digest, name: str) -> None:
    """Raise IntegrityError unless the bytes have that digest."""
    hashed = hasher(digest)
    hashed.update(data)
    found = f"{digest.partition(':')[0]}:{hashed.hexdigest()}"
    if found != digest:
        raise IntegrityError(f"{name}: got {found} instead of {digest}")


def referrer(descriptor: Descriptor, manifest: Manifest) -> Descriptor:
    """How a referrers list shows a manifest that has a subject (distribution-spec, "Listing Referrers")."""
    return Descriptor(
        descriptor.media_type,
        descriptor.digest,
        descriptor.size,
        annotations=manifest.annotations or {},
        artifact_type=manifest.kind,
    )


def encode(document: Any) -> bytes:
    """JSON, compact and in the order given: the same document is always the same bytes."""
    return msgspec.json.encode(document)


def require_blobs(name: str, has_blob: Callable[[Digest], bool], manifest: Manifest) -> None:
    """Raise InvalidData unless all that a manifest needs is there, as registries do (MANIFEST_BLOB_UNKNOWN)."""
    for descriptor in (*manifest.blobs, *manifest.children):
        if not is_foreign(descriptor) and not has_blob(descriptor.digest):
            raise InvalidData(f"{name}: the manifest needs {descriptor.digest}, which isn't there", "push it first")


def is_foreign(descriptor: Descriptor) -> bool:
    """Whether a layer is kept by its vendor, not in registries (image-spec, "Non-Distributable Layers")."""
    return "nondistributable" in descriptor.media_type or "foreign" in descriptor.media_type
