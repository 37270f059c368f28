"""Write one image as a file that other tools load: an OCI archive or a docker archive. Same image, same bytes."""

import io
import tarfile
from pathlib import Path

import msgspec

from pratique.model.descriptor import OCI_INDEX, Descriptor
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry import documents
from pratique.registry.files import file_errors, replacing
from pratique.registry.layout_reading import REF_NAME, blob_path
from pratique.registry.repository import Repository


def write_oci_archive(repository: Repository, image: Image, path: Path, tag: str | None = None) -> None:
    """Write the image as a tar of an OCI layout, atomically. Raises IntegrityError, Unavailable (disk)."""
    entry = msgspec.to_builtins(image.descriptor)
    if tag is not None:
        entry["annotations"] = {REF_NAME: tag}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    with file_errors(f"cannot write {path}"), replacing(path) as file, _tar(file) as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(tar, "index.json", documents.encode(index))
        _add(tar, blob_path(image.digest), image.raw_manifest)
        _add(tar, blob_path(image.config.digest), image.raw_config)
        for descriptor in _distinct(image):
            _stream(tar, blob_path(descriptor.digest), repository, descriptor)


def write_docker_archive(repository: Repository, image: Image, path: Path, reference: Reference | None = None) -> None:
    """Write the image as `docker save` does, atomically; layers stay compressed, which docker and podman load as well.

    `reference` names it (`registry/repository:tag`). Raises IntegrityError, Unavailable (disk).
    """
    names = [f"{_familiar(reference)}:{reference.tag or 'latest'}"] if reference else None
    config = f"{image.config.digest.partition(':')[2]}.json"
    layers = [_layer_name(layer.descriptor) for layer in image.layers]
    listed = documents.encode([{"Config": config, "RepoTags": names, "Layers": layers}])
    with file_errors(f"cannot write {path}"), replacing(path) as file, _tar(file) as tar:
        _add(tar, config, image.raw_config)
        for descriptor in _distinct(image):
            _stream(tar, _layer_name(descriptor), repository, descriptor)
        _add(tar, "manifest.json", listed)


def _familiar(reference: Reference) -> str:
    # Docker shows and loads its hub's images without the hub's name.
    name = reference.name.removeprefix("docker.io/")
    return name.removeprefix("library/") if name != reference.name else name


def _layer_name(descriptor: Descriptor) -> str:
    return f"{descriptor.digest.partition(':')[2]}.tar"


def _distinct(image: Image) -> list[Descriptor]:
    return list({layer.descriptor.digest: layer.descriptor for layer in image.layers}.values())


def _tar(file: object) -> tarfile.TarFile:
    return tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT)  # type: ignore[call-overload, no-any-return]


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_member(name, len(data)), io.BytesIO(data))


def _stream(tar: tarfile.TarFile, name: str, repository: Repository, descriptor: Descriptor) -> None:
    with repository.blob(descriptor) as stream:
        tar.addfile(_member(name, descriptor.size), stream)
