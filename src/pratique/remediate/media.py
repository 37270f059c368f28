"""Two families of media types, Docker's and OCI's: an image is all of one (image-spec, media-types.md)."""

from collections.abc import Iterable

from pratique.model.descriptor import (
    DOCKER_CONFIG,
    DOCKER_LAYER_GZIP,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
)

_TO_DOCKER = {
    OCI_LAYER_GZIP: DOCKER_LAYER_GZIP,
    OCI_LAYER: "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": (
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    ),
    OCI_CONFIG: DOCKER_CONFIG,
    OCI_MANIFEST: DOCKER_MANIFEST,
}
_TO_OCI = {docker: oci for oci, docker in _TO_DOCKER.items()}
_DOCKER = frozenset(_TO_OCI)


def is_docker(media_type: str) -> bool:
    """Whether this is one of Docker's image media types."""
    return media_type in _DOCKER


def is_foreign(media_type: str) -> bool:
    """Whether a layer of this type lives elsewhere and is not pushed to registries."""
    return "foreign" in media_type or "nondistributable" in media_type


def fits_docker(media_types: Iterable[str]) -> bool:
    """Whether Docker has a word for all of these: it has none for zstd."""
    return all(media_type in _TO_DOCKER or media_type in _DOCKER for media_type in media_types)


def translated(media_type: str, docker: bool) -> str:
    """The same type in the wanted family; one that the family has no word for stays as it is."""
    return (_TO_DOCKER if docker else _TO_OCI).get(media_type, media_type)
