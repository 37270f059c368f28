"""The laws that every repository keeps: in memory, in a layout, and in a real registry."""

import io
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import digest_of
from pratique.model.errors import IntegrityError, InvalidData, NotFound, UsageError
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.layout import LayoutRegistry
from pratique.registry.pack import pack_index
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Registry, Repository
from tests.registry.support import attach, blob, put, read, tar_of

New = Callable[[], Repository]
_COUNT = itertools.count()


@pytest.fixture(params=["in_memory", "layout", "remote"])
def new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[New]:
    """Makes new, empty repositories of one registry."""
    registry: Registry
    host = "registry.example:5000"
    if request.param == "in_memory":
        registry = InMemoryRegistry()
    elif request.param == "layout":
        registry = LayoutRegistry(tmp_path)
    else:
        host = request.getfixturevalue("registry_host")
        registry = RemoteRegistry(chunk=1000, attempts=2)

    def make() -> Repository:
        return registry.repository(Reference(host, f"laws/{tmp_path.name.replace('_', '-')}-{next(_COUNT)}".lower()))

    yield make
    if isinstance(registry, RemoteRegistry):
        registry.close()


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 1001, 2000, 70_000])
def test_a_blob_comes_back_as_it_was_put(new: New, size: int) -> None:
    repository = new()
    data = bytes(n * 7 % 251 for n in range(size))
    descriptor = put(repository, data)
    assert repository.has_blob(descriptor.digest)
    assert read(repository, descriptor) == data


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 3001, b"y" * 3000])
def test_a_blob_that_is_not_what_was_promised_is_not_stored(new: New, content: bytes) -> None:
    repository = new()
    promised = blob(b"x" * 3000)
    with pytest.raises(IntegrityError):
        repository.put_blob(promised, io.BytesIO(content))
    assert not repository.has_blob(promised.digest)


def test_a_blob_that_is_not_there_is_not_found(new: New) -> None:
    repository = new()
    with pytest.raises(NotFound), repository.blob(blob(b"nowhere")):
        pytest.fail("entered")


def test_a_blob_may_be_left_half_read(new: New) -> None:
    repository = new()
    descriptor = put(repository, b"z" * 500_000)
    with repository.blob(descriptor) as stream:
        assert stream.read(10) == b"z" * 10
    assert read(repository, descriptor) == b"z" * 500_000


def test_reading_with_a_wrong_size_or_digest_is_an_integrity_error(new: New) -> None:
    repository = new()
    right = put(repository, b"content")
    for size in (6, 8):
        with pytest.raises(IntegrityError):
            read(repository, Descriptor(right.media_type, right.digest, size))


def test_an_image_is_loaded_as_it_was_packed(new: New) -> None:
    repository = new()
    packed = images.pack(
        repository,
        [tar_of({"a": b"1"}), tar_of({"b": b"2"})],
        config={"Env": ["PATH=/bin"], "User": "1000", "ExposedPorts": {"80/tcp": {}}, "Healthcheck": {"Test": ["CMD"]}},
        tag="v1",
        created_by=["COPY a /a", "RUN b"],
        annotations={"k": "v"},
    )
    assert images.load(repository, "v1", Platform()) == packed
    assert images.load(repository, packed.digest) == packed
    assert [layer.created_by for layer in packed.layers] == ["COPY a /a", "RUN b"]
    assert packed.runtime.env == ("PATH=/bin",)
    assert b"Healthcheck" in packed.raw_config


def test_resolving_and_fetching_agree(new: New) -> None:
    repository = new()
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    descriptor, data = repository.manifest("v1")
    assert repository.resolve("v1") == repository.resolve(image.digest) == descriptor == image.descriptor
    assert digest_of(data) == image.digest


@pytest.mark.parametrize("target", ["nowhere", digest_of(b"nowhere")])
def test_what_is_not_there_is_not_found(new: New, target: str) -> None:
    repository = new()
    images.pack(repository, [], tag="v1")
    for call in (repository.resolve, repository.manifest):
        with pytest.raises(NotFound):
            call(target)


def test_an_unknown_repository_is_not_found_and_has_no_blobs(new: New) -> None:
    repository = new()
    with pytest.raises(NotFound):
        repository.resolve("latest")
    assert not repository.has_blob(digest_of(b""))
    assert repository.referrers(digest_of(b"")) == ()


def test_a_tag_moves_and_the_old_digest_stays(new: New) -> None:
    repository = new()
    old = images.pack(repository, [tar_of({"a": b"old"})], tag="v1")
    young = images.pack(repository, [tar_of({"a": b"new"})], tag="v1")
    assert repository.resolve("v1").digest == young.digest
    assert images.load(repository, old.digest) == old
    assert list(repository.tags()) == ["v1"]


def test_one_digest_may_have_many_tags(new: New) -> None:
    repository = new()
    image = images.pack(repository, [tar_of({"a": b"1"})])
    for tag in ("a", "b", "c"):
        repository.put_manifest(image.raw_manifest, image.media_type, tag)
    assert sorted(repository.tags()) == ["a", "b", "c"]
    assert {repository.resolve(tag).digest for tag in ("a", "b", "c")} == {image.digest}


def test_a_manifest_whose_blobs_are_missing_is_refused(new: New) -> None:
    repository, other = new(), InMemoryRegistry().repository(Reference.parse("x/y"))
    image = images.pack(other, [tar_of({"a": b"1"})])
    with pytest.raises((InvalidData, NotFound)):
        repository.put_manifest(image.raw_manifest, image.media_type, "v1")
    with pytest.raises(NotFound):
        repository.resolve("v1")


@pytest.mark.parametrize("tag", ["", "a b", "../up", "a/b", "x" * 129, "ü"])
def test_what_is_not_a_tag_is_refused(new: New, tag: str) -> None:
    repository = new()
    image = images.pack(repository, [])
    with pytest.raises(UsageError):
        repository.put_manifest(image.raw_manifest, image.media_type, tag)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"null", b'{"mediaType": 1}', b"[" * 100_000, b"\xff\xfe"])
def test_a_broken_manifest_is_refused(new: New, data: bytes) -> None:
    with pytest.raises(InvalidData):
        new().put_manifest(data, OCI_MANIFEST)


def test_referrers_are_found_by_subject_and_kind(new: New) -> None:
    repository = new()
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    other = images.pack(repository, [tar_of({"a": b"2"})], tag="v2")
    sbom = attach(repository, image.descriptor, "application/sbom", "one")
    signature = attach(repository, image.descriptor, "application/signature")
    attach(repository, other.descriptor, "application/sbom", "two")
    found = repository.referrers(image.digest)
    assert {entry.digest for entry in found} == {sbom.digest, signature.digest}
    (only,) = repository.referrers(image.digest, "application/sbom")
    assert (only.digest, only.artifact_type, only.annotations) == (sbom.digest, "application/sbom", {"note": "one"})
    assert repository.referrers(sbom.digest) == ()


def test_a_referrer_pushed_twice_is_listed_once(new: New) -> None:
    repository = new()
    image = images.pack(repository, [], tag="v1")
    assert attach(repository, image.descriptor, "application/sbom") == attach(
        repository, image.descriptor, "application/sbom"
    )
    assert len(repository.referrers(image.digest)) == 1


def test_a_referrer_may_come_before_its_subject(new: New) -> None:
    repository = new()
    missing = blob(b"an image that comes later", OCI_MANIFEST)
    early = attach(repository, missing, "application/sbom")
    assert [entry.digest for entry in repository.referrers(missing.digest)] == [early.digest]


def test_an_index_is_copied_with_all_its_images_and_referrers(new: New) -> None:
    source, target = new(), new()
    amd = images.pack(source, [tar_of({"a": b"amd"})])
    arm = images.pack(source, [tar_of({"a": b"arm"})], platform=Platform("linux", "arm64", "v8"))
    index = pack_index(source, [amd, arm], tag="multi")
    sbom = attach(source, arm.descriptor, "application/sbom")
    assert images.copy(source, target, index, "copied", referrers=True).digest == index.digest
    assert target.manifest("copied")[1] == source.manifest("multi")[1]
    loaded = images.load(target, "copied", Platform.parse("linux/arm64"))
    assert (loaded.digest, loaded.index) == (arm.digest, index.digest)
    assert [entry.digest for entry in target.referrers(arm.digest)] == [sbom.digest]
    for layer in (*amd.layers, *arm.layers):
        read(target, layer.descriptor)


def test_blobs_are_mounted_between_repositories(new: New) -> None:
    source, target = new(), new()
    descriptor = put(source, b"mounted" * 100)
    images.pack(target, [])
    assert target.mount_blob(descriptor, source.reference)
    assert read(target, descriptor) == b"mounted" * 100
    assert not target.mount_blob(blob(b"nowhere"), source.reference)
    assert not target.mount_blob(blob(b"elsewhere"), Reference("other.example", "x"))


def test_layers_stack_on_a_base(new: New) -> None:
    repository = new()
    base = images.pack(repository, [tar_of({"base": b""})], config={"Env": ["A=1"], "User": "app"}, created_by=["base"])
    child = images.pack(
        repository, [tar_of({"app": b""})], base=base, config={"Cmd": ["/app"]}, created_by=["app"], tag="child"
    )
    assert child.diff_ids[:1] == base.diff_ids
    assert [line.created_by for line in child.history] == ["base", "app"]
    assert (child.runtime.env, child.runtime.user, child.runtime.cmd) == (("A=1",), "app", ("/app",))
    assert images.load(repository, "child") == child


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
def test_packing_is_deterministic(new: New, compression: images.Compression) -> None:
    tars = [tar_of({"a": b"1" * 10_000})]
    first, second = (images.pack(new(), tars, compression=compression) for _ in range(2))
    assert first.digest == second.digest


def test_many_writers_lose_no_tag(new: New) -> None:
    repository = new()
    image = images.pack(repository, [])
    failures: list[BaseException] = []

    def tag(number: int) -> None:
        try:
            repository.put_manifest(image.raw_manifest, image.media_type, f"tag-{number}")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(repository.tags()) == {f"tag-{number}" for number in range(12)}


def test_an_index_needs_its_images(new: New) -> None:
    repository = new()
    data = msgspec.json.encode(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [blob(b"not there", OCI_MANIFEST)]}
    )
    with pytest.raises((InvalidData, NotFound)):
        repository.put_manifest(data, OCI_INDEX, "v1")
