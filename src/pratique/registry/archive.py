"""Images in one file: OCI archives (tars of a layout) and docker archives (`docker save`), read in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NoReturn

from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import NotFound, UsageError
from pratique.model.reference import Reference
from pratique.registry import docker_archive
from pratique.registry.archive_writing import write_docker_archive, write_oci_archive
from pratique.registry.blobs import verified
from pratique.registry.layout_reading import LayoutReader
from pratique.registry.tar_index import SPOOL_LIMIT, TarIndex

__all__ = ["DockerArchive", "OciArchive", "open_archive", "write_docker_archive", "write_oci_archive"]


class _ReadOnly:
    """The writing half of a repository, refused."""

    _tar: TarIndex

    def put_blob(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """Archives are written in one go."""
        self._refuse()

    def mount_blob(self, descriptor: Descriptor, source: Reference) -> bool:
        """Archives take nothing over."""
        return False

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """Archives are written in one go."""
        self._refuse()

    def close(self) -> None:
        """Close the file."""
        self._tar.close()

    def _refuse(self) -> NoReturn:
        raise UsageError(f"{self._tar.path} is an archive, and cannot be changed", "copy the image to a new one")


class OciArchive(_ReadOnly, LayoutReader):
    """A tar of an OCI layout, possibly compressed. Close it, or let it go."""

    def __init__(self, path: Path, reference: Reference, *, spool_limit: int = SPOOL_LIMIT) -> None:
        super().__init__(reference)
        self._tar = TarIndex(path, spool_limit=spool_limit)

    def open_file(self, path: str) -> tuple[BinaryIO, int] | None:
        """A member of the tar."""
        return self._tar.open(path)


class DockerArchive(_ReadOnly):
    """What `docker save` wrote. A target is a name (`app:1`), the tag alone, or the digest of a manifest we made."""

    def __init__(self, path: Path, reference: Reference, *, spool_limit: int = SPOOL_LIMIT, name: str = "") -> None:
        self.reference = Reference(reference.registry, reference.repository)
        self._tar = TarIndex(path, spool_limit=spool_limit, name=name)
        try:
            self._images = docker_archive.images(self._tar)
        except BaseException:
            self._tar.close()
            raise

    def resolve(self, target: str) -> Descriptor:
        """See `Repository.resolve`."""
        return self._find(target).descriptor

    def manifest(self, target: str) -> tuple[Descriptor, bytes]:
        """See `Repository.manifest`."""
        found = self._find(target)
        return found.descriptor, found.manifest

    @contextmanager
    def blob(self, descriptor: Descriptor) -> Iterator[BinaryIO]:
        """See `Repository.blob`."""
        with verified(self._open(descriptor.digest), descriptor) as stream:
            yield stream

    def has_blob(self, digest: Digest) -> bool:
        """See `Repository.has_blob`."""
        return any(digest in image.members or digest in image.made for image in self._images)

    def tags(self) -> Iterator[str]:
        """See `Repository.tags`."""
        names = (name for image in self._images for name in image.names)
        return iter(tuple(dict.fromkeys(_tag(name) for name in names)))

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """None: this format has no room for them."""
        return ()

    def sole_target(self) -> str:
        """What an image without a name means here: the only one that there is. Raises NotFound, UsageError."""
        if len(self._images) == 1:
            return self._images[0].descriptor.digest
        if not self._images:
            raise NotFound(f"{self._tar.path} has no image")
        names = ", ".join(name for image in self._images for name in image.names)[:500]
        raise UsageError(f"{self._tar.path} has {len(self._images)} images", f"say which: {names or 'by digest'}")

    def _find(self, target: str) -> docker_archive.Saved:
        for same in (_by_digest, _by_name, _by_tag):
            for image in self._images:
                if same(image, target):
                    return image
        names = ", ".join(name for image in self._images for name in image.names)[:500]
        raise NotFound(f"{self._tar.path} has no {target[:200]}", f"it has: {names or 'no names'}")

    def _open(self, digest: Digest) -> BinaryIO:
        for image in self._images:
            if digest in image.made:
                return BytesIO(image.made[digest])
            found = self._tar.open(image.members[digest]) if digest in image.members else None
            if found:
                return found[0]
        raise NotFound(f"{self._tar.path} has no blob {digest}")


def open_archive(path: Path, reference: Reference) -> OciArchive | DockerArchive:
    """The archive, by what is in it: an OCI layout's index.json, or else Docker's manifest.json."""
    archive = OciArchive(path, reference)
    if archive.read_file("index.json", _ANY) is not None:
        return archive
    archive.close()
    return DockerArchive(path, reference)


_ANY = 64 * 1024 * 1024


def _by_digest(image: docker_archive.Saved, target: str) -> bool:
    return is_digest(target) and image.descriptor.digest == target


def _by_name(image: docker_archive.Saved, target: str) -> bool:
    try:
        wanted = Reference.parse(target)
        return any(Reference.parse(name) == wanted for name in image.names)
    except UsageError:
        return target in image.names


def _by_tag(image: docker_archive.Saved, target: str) -> bool:
    return any(_tag(name) == target for name in image.names)


def _tag(name: str) -> str:
    return name.rpartition(":")[2]
