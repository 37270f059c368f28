"""Every image of a multi-platform one."""

import json

import pytest

from pratique.model.descriptor import OCI_INDEX, Descriptor, Platform
from pratique.model.errors import InvalidData, NotFound
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.repository import Repository
from tests.registry.support import attach, tar_of

PLATFORMS = tuple(map(Platform.parse, ("linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64")))


@pytest.fixture
def repository() -> Repository:
    return InMemoryRegistry().repository(Reference.parse("registry.example/app"))


def made(repository: Repository) -> list[Image]:
    return [
        images.pack(repository, [tar_of({"a": str(platform).encode()})], platform=platform) for platform in PLATFORMS
    ]


def entry(descriptor: Descriptor, **more: object) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size, **more}


def index(repository: Repository, entries: list[dict[str, object]], tag: str = "v1") -> Descriptor:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    return repository.put_manifest(json.dumps(document).encode(), OCI_INDEX, tag)


def test_all_images_of_an_index_are_listed_in_its_order(repository: Repository) -> None:
    there = made(repository)
    images.pack_index(repository, there, tag="v1")
    found = images.platforms(repository, "v1")
    assert [(one.digest, one.platform) for one in found] == [(one.digest, one.platform) for one in there]


def test_an_image_alone_is_the_only_one(repository: Repository) -> None:
    image = images.pack(repository, [], platform=PLATFORMS[1], tag="v1")
    [found] = images.platforms(repository, "v1")
    assert (found.digest, found.platform) == (image.digest, PLATFORMS[1])


def test_images_of_one_platform_are_each_listed(repository: Repository) -> None:
    one, other = (images.pack(repository, [tar_of({"a": data})], platform=PLATFORMS[3]) for data in (b"1", b"2"))
    images.pack_index(repository, [one, other, one], tag="v1")
    assert [each.digest for each in images.platforms(repository, "v1")] == [one.digest, other.digest]


def test_indexes_within_an_index_are_looked_into(repository: Repository) -> None:
    there = made(repository)
    inner = images.pack_index(repository, there[1:], tag="inner")
    index(repository, [entry(inner), entry(there[0].descriptor)])
    found = [one.digest for one in images.platforms(repository, "v1")]
    assert found == [one.digest for one in (*there[1:], there[0])]


def test_a_platform_that_the_index_does_not_say_is_read_from_the_image(repository: Repository) -> None:
    there = made(repository)
    index(repository, [entry(one.descriptor) for one in there])
    assert tuple(one.platform for one in images.platforms(repository, "v1")) == PLATFORMS


def test_attestations_and_artifacts_are_left_out(repository: Repository) -> None:
    image = made(repository)[0]
    artifact = attach(repository, image.descriptor, "application/sbom")
    unknown = {"platform": {"os": "unknown", "architecture": "unknown"}}
    said = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    others = [entry(artifact, **more) for more in (unknown, said, {"artifactType": "application/sbom"}, {})]
    index(repository, [entry(image.descriptor), *others])
    assert [one.digest for one in images.platforms(repository, "v1")] == [image.digest]
    index(repository, others, "v2")
    with pytest.raises(NotFound, match="no image in its index"):
        images.platforms(repository, "v2")


def test_an_index_of_hundreds_is_refused(repository: Repository) -> None:
    there = [images.pack(repository, [], platform=PLATFORMS[0], created=f"20{n:02}-01-01T00:00:00Z") for n in range(99)]
    there += [images.pack(repository, [], platform=PLATFORMS[1], created=f"20{n:02}-01-01T00:00:00Z") for n in range(2)]
    images.pack_index(repository, there[:100], tag="v1")
    assert len(images.platforms(repository, "v1")) == 100
    images.pack_index(repository, there, tag="v2")
    with pytest.raises(InvalidData, match="more than 100 images"):
        images.platforms(repository, "v2")
