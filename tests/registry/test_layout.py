"""OCI layouts as other tools write them, and several processes at once."""

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor, Platform
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData, NotFound, PratiqueError, UsageError
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.layout import LayoutRegistry, LayoutRepository, listed
from pratique.registry.pack import pack_index
from tests.registry.support import attach, tar_of

HERE = Reference.parse("localhost/test")


@pytest.fixture
def layout(tmp_path: Path) -> LayoutRepository:
    return LayoutRepository(tmp_path / "layout", HERE)


def image_in(layout: LayoutRepository, content: bytes = b"1", tag: str | None = None) -> Image:
    return images.pack(layout, [tar_of({"a": content})], tag=tag)


def index_of(layout: LayoutRepository) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((layout.folder / "index.json").read_bytes())
    return document


def rewrite(layout: LayoutRepository, manifests: list[dict[str, Any]], **more: object) -> None:
    (layout.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests, **more}))


def test_reading_makes_no_folder(layout: LayoutRepository) -> None:
    assert list(layout.tags()) == []
    with pytest.raises(NotFound):
        layout.resolve("latest")
    assert not layout.folder.exists()


def test_nothing_but_the_layout_lies_in_the_folder(layout: LayoutRepository) -> None:
    image_in(layout, tag="v1")
    assert sorted(path.name for path in layout.folder.iterdir()) == ["blobs", "index.json", "oci-layout"]
    assert json.loads((layout.folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert all(len(path.name) == 64 for path in (layout.folder / "blobs" / "sha256").iterdir())


def test_docker_and_containerd_names_are_tags(layout: LayoutRepository) -> None:
    image = image_in(layout)
    entry = {"mediaType": image.media_type, "digest": image.digest, "size": len(image.raw_manifest)}
    name = {"io.containerd.image.name": "docker.io/library/app:2.0", "org.opencontainers.image.ref.name": "2.0"}
    rewrite(layout, [{**entry, "annotations": name}])
    for target in ("2.0", "docker.io/library/app:2.0"):
        assert layout.resolve(target).digest == image.digest
    assert list(layout.tags()) == ["2.0"]


def test_a_full_name_as_podman_writes_it_is_found_by_its_tag(layout: LayoutRepository) -> None:
    image = image_in(layout)
    entry = {"mediaType": image.media_type, "digest": image.digest, "size": len(image.raw_manifest)}
    rewrite(layout, [{**entry, "annotations": {"org.opencontainers.image.ref.name": "localhost/app:v3"}}])
    assert layout.resolve("v3").digest == layout.resolve("localhost/app:v3").digest == image.digest


def test_an_image_within_nested_indexes_is_found(layout: LayoutRepository) -> None:
    image = image_in(layout)
    inner = pack_index(layout, [image])
    data = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [{"mediaType": OCI_INDEX, "digest": inner.digest, "size": inner.size}],
        }
    ).encode()
    outer = layout.put_manifest(data, OCI_INDEX, "v1")
    loaded = images.load(layout, "v1", Platform())
    assert (loaded.digest, loaded.index) == (image.digest, outer.digest)


def test_the_only_image_needs_no_tag(layout: LayoutRepository) -> None:
    image = image_in(layout)
    attach(layout, image.descriptor, "application/sbom")
    assert layout.sole_target() == image.digest
    image_in(layout, b"2", "v2")
    with pytest.raises(UsageError, match="v2"):
        layout.sole_target()


def test_the_images_of_an_index_are_not_listed_beside_it(layout: LayoutRepository) -> None:
    one, two = image_in(layout, b"1"), image_in(layout, b"2")
    index = pack_index(layout, [one, two], tag="v1")
    assert [entry["digest"] for entry in index_of(layout)["manifests"]] == [index.digest]
    assert images.load(layout, one.digest) == one


def test_what_we_do_not_know_of_index_json_survives(layout: LayoutRepository) -> None:
    image = image_in(layout)
    entry = {"mediaType": image.media_type, "digest": image.digest, "size": len(image.raw_manifest), "urls": ["x:y"]}
    rewrite(layout, [entry], annotations={"by": "another tool"})
    image_in(layout, b"2", "v2")
    assert index_of(layout)["annotations"] == {"by": "another tool"}
    assert index_of(layout)["manifests"][0] == entry


def test_referrers_under_the_referrers_tag_count(layout: LayoutRepository) -> None:
    image = image_in(layout, tag="v1")
    sbom = attach(layout, image.descriptor, "application/sbom")
    fallback = pack_index(layout, [], tag=image.digest.replace(":", "-"))
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [{"mediaType": sbom.media_type, "digest": sbom.digest, "size": sbom.size}],
    }
    layout.put_manifest(json.dumps(document).encode(), OCI_INDEX, image.digest.replace(":", "-"))
    assert fallback.digest != layout.resolve(image.digest.replace(":", "-")).digest
    assert [entry.digest for entry in layout.referrers(image.digest)] == [sbom.digest]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"manifests": {}}',
        '{"manifests": [{"mediaType": "x", "digest": "../..", "size": 1}]}',
        "[" * 99_999,
    ],
)
def test_a_broken_index_is_refused_and_not_overwritten(layout: LayoutRepository, text: str) -> None:
    image = image_in(layout, tag="v1")
    (layout.folder / "index.json").write_text(text)
    for call in (lambda: layout.resolve("v1"), lambda: image_in(layout, b"2", "v2"), lambda: list(layout.tags())):
        with pytest.raises(InvalidData):
            call()
    assert (layout.folder / "index.json").read_text() == text
    assert image.digest


def test_a_changed_blob_is_noticed(layout: LayoutRepository) -> None:
    image = image_in(layout, tag="v1")
    path = layout.folder / "blobs" / image.digest.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"sha256", b"sha255", 1))
    with pytest.raises(PratiqueError):
        images.load(layout, "v1")


def test_a_digest_is_never_a_path(layout: LayoutRepository) -> None:
    image_in(layout, tag="v1")
    hostile = Descriptor("x", "sha256:../../oci-layout", 30)  # type: ignore[arg-type]
    with pytest.raises(InvalidData), layout.blob(hostile):
        pytest.fail("opened")


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PratiqueError):
        image_in(LayoutRepository(tmp_path / "file" / "layout", HERE))


def test_registries_keep_their_repositories_apart(tmp_path: Path) -> None:
    registry = LayoutRegistry(tmp_path)
    one = registry.repository(Reference.parse("localhost:5000/a"))
    image = image_in(one, tag="v1")
    for other in ("localhost:5000/a/b", "localhost:5001/a", "localhost/a", "[::1]:5000/a"):
        with pytest.raises(NotFound):
            registry.repository(Reference.parse(other)).resolve("v1")
    assert registry.repository(Reference.parse("localhost:5000/a:x")).resolve("v1").digest == image.digest


def test_processes_lose_no_tags_of_each_other(layout: LayoutRepository) -> None:
    image = image_in(layout)
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_tag_many, args=(layout.folder, image.digest, name)) for name in "abc"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert set(layout.tags()) == {f"{name}{number}" for name in "abc" for number in range(10)}


def _tag_many(folder: Path, digest: str, name: str) -> None:
    repository = LayoutRepository(folder, HERE)
    descriptor, data = repository.manifest(digest)
    for number in range(10):
        repository.put_manifest(data, descriptor.media_type, f"{name}{number}")


PUSHES = st.lists(
    st.tuples(st.sampled_from([digest_of(bytes([n])) for n in range(4)]), st.sampled_from([None, "a", "b", "c"])),
    max_size=12,
)


@given(PUSHES)
def test_after_any_pushes_tags_are_last_pushed_and_no_digest_is_lost(pushes: list[tuple[Any, str | None]]) -> None:
    entries: list[dict[str, Any]] = []
    tags: dict[str, str] = {}
    for digest, tag in pushes:
        entries = listed(entries, Descriptor(OCI_MANIFEST, digest, 1), tag, set())
        if tag:
            tags[tag] = digest
    named = [
        (e["annotations"]["org.opencontainers.image.ref.name"], e["digest"]) for e in entries if e.get("annotations")
    ]
    assert sorted(named) == sorted(tags.items())
    assert {entry["digest"] for entry in entries} == {digest for digest, _ in pushes}
    untagged = [entry["digest"] for entry in entries if not entry.get("annotations")]
    assert len(untagged) == len(set(untagged))
