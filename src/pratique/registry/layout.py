"""A folder that is an OCI image layout, as a repository; and a folder of such folders, as a registry."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from pratique.model.descriptor import OCI_INDEX, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import UsageError
from pratique.model.reference import Reference, is_tag
from pratique.registry import documents
from pratique.registry.blobs import copy_verified
from pratique.registry.files import file_errors, replacing
from pratique.registry.layout_reading import REF_NAME, LayoutReader, blob_path

_VERSION = b'{"imageLayoutVersion":"1.0.0"}'


class LayoutRepository(LayoutReader):
    """One OCI image layout, made on the first write. Several processes may use it at once.

    Manifests without a tag stay listed in index.json (as oras does), so that they can be found and keep what they hold.
    """

    def __init__(
        self, folder: Path, reference: Reference, *, folder_of: Callable[[Reference], Path] | None = None
    ) -> None:
        super().__init__(reference)
        self.folder = folder
        self._folder_of = folder_of

    def open_file(self, path: str) -> tuple[BinaryIO, int] | None:
        """A file of the folder."""
        with file_errors(f"cannot read {self.folder / path}"):
            try:
                file = (self.folder / path).open("rb")
            except (FileNotFoundError, NotADirectoryError):
                return None
            return file, os.fstat(file.fileno()).st_size

    def put_blob(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """See `Repository.put_blob`."""
        path = self.folder / blob_path(descriptor.digest)
        with file_errors(f"cannot write {path}"):
            self._begin()
            with replacing(path) as file:
                copy_verified(descriptor, content, file.write)

    def mount_blob(self, descriptor: Descriptor, source: Reference) -> bool:
        """See `Repository.mount_blob`: a hard link, as blobs never change."""
        if self._folder_of is None or source.registry != self.reference.registry:
            return False
        path = self.folder / blob_path(descriptor.digest)
        with file_errors(f"cannot write {path}"):
            self._begin()
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                path.hardlink_to(self._folder_of(source) / blob_path(descriptor.digest))
            except FileExistsError:
                return True
            except OSError:
                return False  # not there, or another file system: the caller sends it
            return True

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """See `Repository.put_manifest`."""
        if tag is not None and not is_tag(tag):
            raise UsageError(f"not a tag: {tag[:100]!r}")
        manifest = documents.decode_manifest(data, media_type, self._name)
        documents.require_blobs(self._name, self.has_blob, manifest)
        descriptor = Descriptor(media_type, digest_of(data), len(data))
        path = self.folder / blob_path(descriptor.digest)
        with file_errors(f"cannot write {path}"):
            self._begin()
            if not path.exists():
                with replacing(path) as file:
                    file.write(data)
            entry = documents.referrer(descriptor, manifest) if manifest.subject else descriptor
            self._list(entry, tag, {child.digest for child in manifest.children})
        return descriptor

    def _begin(self) -> None:
        if not (self.folder / "oci-layout").exists():
            with replacing(self.folder / "oci-layout") as file:
                file.write(_VERSION)

    def _list(self, entry: Descriptor, tag: str | None, children: set[Digest]) -> None:
        with _locked(self.folder):
            index = self._index()
            kept = listed(index["manifests"], entry, tag, children)
            with replacing(self.folder / "index.json") as file:
                file.write(documents.encode({**index, "manifests": kept}))

    def _index(self) -> dict[str, Any]:
        """index.json as it stands, with what we don't know: that must survive."""
        self.entries()  # raises when it isn't one
        path = self.folder / "index.json"
        empty: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
        return {**empty, **msgspec.json.decode(path.read_bytes())} if path.exists() else empty


def listed(
    entries: Sequence[dict[str, Any]], entry: Descriptor, tag: str | None, children: set[Digest]
) -> list[dict[str, Any]]:
    """index.json's manifests after a push (pure): the tag moves, nothing is lost, nothing is listed twice.

    A manifest that loses its tag stays, without one. Children of an index are reachable through it and need no entry.
    """
    kept: list[dict[str, Any]] = []
    for old in entries:
        if tag is not None and _tag(old) == tag:
            old = {**old, "annotations": {k: v for k, v in old["annotations"].items() if k != REF_NAME}}
        untagged = not _tag(old)
        if untagged and (old["digest"] in children or any(old["digest"] == other["digest"] for other in kept)):
            continue
        kept.append(old)
    if tag is not None:
        kept = [old for old in kept if _tag(old) or old["digest"] != entry.digest]
    elif any(old["digest"] == entry.digest for old in kept):
        return kept
    new: dict[str, Any] = msgspec.to_builtins(entry)
    if tag is not None:
        new["annotations"] = {**new.get("annotations", {}), REF_NAME: tag}
    return [*kept, new]


def _tag(entry: dict[str, Any]) -> str:
    return str((entry.get("annotations") or {}).get(REF_NAME, ""))


class LayoutRegistry:
    """A folder of OCI layouts: `root/registry/repository`; a port's colon becomes `_`, which no host name has."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def repository(self, reference: Reference) -> LayoutRepository:
        """See `Registry.repository`."""
        return LayoutRepository(self._folder(reference), reference, folder_of=self._folder)

    def _folder(self, reference: Reference) -> Path:
        return self.root / reference.registry.replace(":", "_") / reference.repository


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it is the folder's own, so that no file of ours lies in the layout."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
