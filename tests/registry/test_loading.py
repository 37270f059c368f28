"""Which image an index means, and what is no image at all."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import (
    DOCKER_CONFIG,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Descriptor,
    Platform,
)
from pratique.model.digest import digest_of
from pratique.model.errors import IntegrityError, InvalidData, NotFound
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.blobs import VerifyingStream
from pratique.registry.in_memory import InMemoryRegistry, InMemoryRepository
from pratique.registry.loading import choose, host
from pratique.registry.pack import pack_index
from tests.registry.support import attach, blob, put, tar_of


@pytest.fixture
def repository() -> InMemoryRepository:
    return InMemoryRegistry().repository(Reference.parse("x/y"))


def child(text: str) -> Descriptor:
    return Descriptor(OCI_MANIFEST, digest_of(text.encode()), 1, platform=Platform.parse(text))


@pytest.mark.parametrize(
    ("wanted", "there", "chosen"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64", "windows/amd64"], "linux/amd64"),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], "linux/amd64/v2"),
        ("linux/amd64", ["linux/amd64/v3"], None),
        ("linux/arm64", ["linux/arm64/v8", "linux/arm/v7"], "linux/arm64/v8"),
        ("linux/arm64/v8", ["linux/arm64"], "linux/arm64"),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/amd64", ["unknown/unknown"], None),
        ("linux/amd64", [], None),
    ],
)
def test_the_nearest_variant_is_chosen(wanted: str, there: list[str], chosen: str | None) -> None:
    found = choose([child(text) for text in there], Platform.parse(wanted))
    assert (str(found.platform) if found else None) == chosen


def test_without_a_platform_this_machines_is_meant(repository: InMemoryRepository) -> None:
    other = "arm64" if host().architecture != "arm64" else "amd64"
    mine = images.pack(repository, [tar_of({"a": b"1"})], platform=host())
    theirs = images.pack(repository, [tar_of({"a": b"2"})], platform=Platform("linux", other))
    pack_index(repository, [theirs, mine], tag="v1")
    assert images.load(repository, "v1").digest == mine.digest


def test_an_image_for_no_such_platform_lists_what_there_is(repository: InMemoryRepository) -> None:
    image = images.pack(repository, [])
    pack_index(repository, [image], tag="v1")
    for target in ("v1", image.digest):
        with pytest.raises(NotFound, match="linux/amd64"):
            images.load(repository, target, Platform("linux", "s390x"))


def test_docker_schema_2_is_an_image_too(repository: InMemoryRepository) -> None:
    image = images.pack(repository, [tar_of({"a": b"1"})])
    document = json.loads(image.raw_manifest)
    document["mediaType"] = DOCKER_MANIFEST
    document["config"]["mediaType"] = DOCKER_CONFIG
    descriptor = repository.put_manifest(json.dumps(document).encode(), DOCKER_MANIFEST)
    entry = {"mediaType": DOCKER_MANIFEST, "digest": descriptor.digest, "size": descriptor.size}
    platform = {"os": "linux", "architecture": "amd64"}
    index = {"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": [{**entry, "platform": platform}]}
    repository.put_manifest(json.dumps(index).encode(), DOCKER_INDEX, "v1")
    loaded = images.load(repository, "v1", Platform())
    assert (loaded.diff_ids, loaded.media_type) == (image.diff_ids, DOCKER_MANIFEST)


def test_an_index_without_platforms_is_settled_by_the_configs(repository: InMemoryRepository) -> None:
    arm = images.pack(repository, [tar_of({"a": b"1"})], platform=Platform("linux", "arm64"))
    amd = images.pack(repository, [tar_of({"a": b"2"})])
    data = {
        "schemaVersion": 2,
        "manifests": [{"mediaType": i.media_type, "digest": i.digest, "size": len(i.raw_manifest)} for i in (arm, amd)],
    }
    repository.put_manifest(json.dumps(data).encode(), "application/vnd.oci.image.index.v1+json", "v1")
    assert images.load(repository, "v1", Platform("linux", "amd64")).digest == amd.digest


def stored(repository: InMemoryRepository, config: Any, layers: int = 0, media_type: str = OCI_CONFIG) -> None:
    """Store an image with this config, right or wrong."""
    raw = config if isinstance(config, bytes) else json.dumps(config).encode()
    descriptor = put(repository, raw, media_type)
    layer = put(repository, tar_of({}), OCI_LAYER)
    entry = {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
    parts = [{"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size}] * layers
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": entry, "layers": parts}
    repository.put_manifest(json.dumps(document).encode(), OCI_MANIFEST, "v1")


@pytest.mark.parametrize(
    ("config", "layers"),
    [
        ({"rootfs": {"diff_ids": []}}, 1),
        ({"rootfs": {"diff_ids": [digest_of(b"")] * 2}}, 1),
        ({"rootfs": {"diff_ids": ["sha256:nonsense"]}}, 1),
        ({}, 1),
        (b"{", 0),
        (b"null", 0),
        (b"\xff", 0),
        ({"config": {"Env": "A=1"}}, 0),
        ({"rootfs": {"diff_ids": [digest_of(b"")] * 1001}}, 1001),
        (b" " * 9_000_000, 0),
    ],
)
def test_a_config_that_does_not_fit_is_refused(repository: InMemoryRepository, config: Any, layers: int) -> None:
    stored(repository, config, layers)
    with pytest.raises(InvalidData):
        images.load(repository, "v1")


def test_nulls_where_go_writes_them_are_read(repository: InMemoryRepository) -> None:
    nulls = {"Env": None, "Cmd": None, "Entrypoint": None, "Labels": None, "Volumes": None, "ExposedPorts": None}
    stored(
        repository, {"config": nulls, "history": None, "rootfs": {"type": "layers", "diff_ids": None}, "created": None}
    )
    assert images.load(repository, "v1").runtime.env is None


def test_an_artifact_is_not_an_image(repository: InMemoryRepository) -> None:
    image = images.pack(repository, [])
    sbom = attach(repository, image.descriptor, "application/sbom")
    with pytest.raises(InvalidData, match="application/sbom"):
        images.load(repository, sbom.digest)


def test_history_lines_belong_to_the_layers_that_they_made(repository: InMemoryRepository) -> None:
    history = [
        {"created_by": "ENV", "empty_layer": True},
        {"created_by": "COPY"},
        {"created_by": "CMD", "empty_layer": True},
    ]
    stored(repository, {"rootfs": {"diff_ids": [digest_of(b"")]}, "history": history}, 1)
    assert [layer.created_by for layer in images.load(repository, "v1").layers] == ["COPY"]
    stored(repository, {"rootfs": {"diff_ids": [digest_of(b"")]}, "history": history[:1]}, 1)
    assert [layer.created_by for layer in images.load(repository, "v1").layers] == [""]


@given(data=st.binary(max_size=3000), sizes=st.lists(st.integers(-1, 700), max_size=30))
def test_reading_in_any_steps_gives_the_content(data: bytes, sizes: list[int]) -> None:
    stream = VerifyingStream(io.BytesIO(data), blob(data))
    parts = [stream.read(size) for size in sizes]
    assert b"".join(parts) + stream.read() == data
    assert stream.read() == b""


@given(data=st.binary(min_size=1, max_size=300), change=st.integers(0, 299), size=st.integers(1, 100))
def test_a_wrong_last_byte_is_never_handed_out(data: bytes, change: int, size: int) -> None:
    wrong = bytearray(data)
    wrong[change % len(data)] ^= 1
    for content in (bytes(wrong), data[:-1], data + b"x"):
        stream = VerifyingStream(io.BytesIO(content), blob(data))
        seen = 0
        with pytest.raises(IntegrityError):  # noqa: PT012 - which read fails is what is looked for
            while True:
                seen += len(stream.read(size))
        assert seen < len(data)
        with pytest.raises(IntegrityError):
            stream.read()


def test_indexes_that_double_at_every_depth_are_copied_in_no_time(repository: InMemoryRepository) -> None:
    image = images.pack(repository, [])
    entry = {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": len(image.raw_manifest)}
    for _ in range(7):
        data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] * 1000}).encode()
        top = repository.put_manifest(data, OCI_INDEX)
        entry = {"mediaType": OCI_INDEX, "digest": top.digest, "size": top.size}
    target = InMemoryRegistry().repository(Reference.parse("x/z"))
    assert images.copy(repository, target, top, "v1").digest == top.digest
    data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    for _ in range(3):
        top = repository.put_manifest(data, OCI_INDEX, "deep")
        entry = {"mediaType": OCI_INDEX, "digest": top.digest, "size": top.size}
        data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    with pytest.raises(InvalidData, match="deep"):
        images.copy(repository, target, top)
    with pytest.raises(InvalidData):
        images.load(repository, "deep", Platform())
