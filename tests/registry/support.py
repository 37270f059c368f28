"""Small things that registry tests make images from."""

import io
import tarfile
from collections.abc import Mapping

import msgspec

from pratique.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from pratique.model.digest import digest_of
from pratique.model.reference import Reference
from pratique.registry.repository import Repository

EMPTY = Descriptor(OCI_EMPTY, digest_of(b"{}"), 2)


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """An uncompressed tar, the same every time."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def blob(data: bytes, media_type: str = "application/octet-stream") -> Descriptor:
    return Descriptor(media_type, digest_of(data), len(data))


def put(repository: Repository, data: bytes, media_type: str = "application/octet-stream") -> Descriptor:
    descriptor = blob(data, media_type)
    repository.put_blob(descriptor, io.BytesIO(data))
    return descriptor


def read(repository: Repository, descriptor: Descriptor) -> bytes:
    with repository.blob(descriptor) as stream:
        return stream.read()


def attach(repository: Repository, subject: Descriptor, kind: str, note: str = "") -> Descriptor:
    """Push an artifact that refers to `subject`."""
    put(repository, b"{}", OCI_EMPTY)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": EMPTY,
        "layers": [EMPTY],
        "subject": Descriptor(subject.media_type, subject.digest, subject.size),
        "annotations": {"note": note},
    }
    return repository.put_manifest(msgspec.json.encode(document), OCI_MANIFEST)


def reference(text: str) -> Reference:
    return Reference.parse(text)
