"""Archives and layouts in a file: ours, skopeo's, Docker's old and new, and hostile ones."""

import gzip
import io
import json
import subprocess
import tarfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.descriptor import Platform
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData, NotFound, PratiqueError, UsageError
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.archive import DockerArchive, OciArchive, open_archive, write_docker_archive, write_oci_archive
from pratique.registry.in_memory import InMemoryRegistry, InMemoryRepository
from pratique.registry.layout import LayoutRepository
from pratique.registry.remote import RemoteRepository
from pratique.registry.tar_index import TarIndex
from pratique.registry.targets import open_target
from tests.registry.support import read, tar_of
from tests.support.machine import require

HERE = Reference.parse("localhost/test")


@pytest.fixture
def repository() -> InMemoryRepository:
    return InMemoryRegistry().repository(HERE)


@pytest.fixture
def image(repository: InMemoryRepository) -> Image:
    layers = [tar_of({"etc/os-release": b"ID=debian\n"}), tar_of({"app": b"x" * 100_000})]
    return images.pack(repository, layers, config={"Cmd": ["/app"]}, tag="v1", created_by=["base", "app"])


def skopeo(*arguments: str) -> None:
    require("skopeo")
    done = subprocess.run(
        ["skopeo", "copy", "--insecure-policy", "-q", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def write_tar(path: Path, members: list[tuple[str, bytes]]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("squeeze", [False, True])
def test_an_oci_archive_is_read_as_it_was_written(
    repository: InMemoryRepository, image: Image, tmp_path: Path, squeeze: bool
) -> None:
    path = tmp_path / "image.tar"
    write_oci_archive(repository, image, path, "v1")
    if squeeze:
        path.write_bytes(gzip.compress(path.read_bytes()))
    archive = OciArchive(path, HERE)
    assert images.load(archive, "v1") == image
    assert [read(archive, layer.descriptor) for layer in image.layers] == [
        read(repository, layer.descriptor) for layer in image.layers
    ]
    assert list(archive.tags()) == ["v1"]
    archive.close()


def test_a_docker_archive_keeps_config_and_layers(repository: InMemoryRepository, image: Image, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    write_docker_archive(repository, image, path, Reference.parse("app:1"))
    archive = DockerArchive(path, HERE)
    for target in ("app:1", "docker.io/library/app:1", "1", archive.sole_target()):
        loaded = images.load(archive, target)
        assert (loaded.raw_config, loaded.diff_ids) == (image.raw_config, image.diff_ids)
    assert [read(archive, layer.descriptor) for layer in loaded.layers] == [
        read(repository, layer.descriptor) for layer in image.layers
    ]
    with pytest.raises(UsageError):
        archive.put_manifest(image.raw_manifest, image.media_type)
    archive.close()


def test_writing_twice_gives_the_same_bytes(repository: InMemoryRepository, image: Image, tmp_path: Path) -> None:
    for write in (write_oci_archive, write_docker_archive):
        write(repository, image, tmp_path / "one.tar", None)
        write(repository, image, tmp_path / "two.tar", None)
        assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_a_failed_write_leaves_the_old_file(repository: InMemoryRepository, image: Image, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(b"precious")
    broken = InMemoryRegistry().repository(HERE)
    with pytest.raises(NotFound):
        write_oci_archive(broken, image, path)
    assert path.read_bytes() == b"precious"
    assert [found.name for found in tmp_path.iterdir()] == ["image.tar"]


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive", "oci"])
def test_skopeo_reads_what_we_write(repository: InMemoryRepository, image: Image, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "image"
    if kind == "oci":
        images.copy(repository, LayoutRepository(path, HERE), image.descriptor, "v1")
    elif kind == "oci-archive":
        write_oci_archive(repository, image, path, "v1")
    else:
        write_docker_archive(repository, image, path, Reference.parse("app:v1"))
    name = f"{path}:v1" if kind != "docker-archive" else f"{path}"
    skopeo(f"{kind}:{name}", f"dir:{tmp_path / 'out'}")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    config = tmp_path / "out" / manifest["config"]["digest"].removeprefix("sha256:")
    assert config.read_bytes() == image.raw_config


@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive", "oci"])
def test_we_read_what_skopeo_writes(repository: InMemoryRepository, image: Image, tmp_path: Path, kind: str) -> None:
    source = LayoutRepository(tmp_path / "source", HERE)
    images.copy(repository, source, image.descriptor, "v1")
    name = f"{kind}:{tmp_path / 'out'}"
    skopeo(f"oci:{tmp_path / 'source'}:v1", f"{name}:app:v1" if kind == "docker-archive" else f"{name}:v1")
    for text in (name, f"{name}:v1"):
        target = open_target(text)
        loaded = images.load(target.repository, target.target)
        assert (loaded.diff_ids, loaded.runtime) == (image.diff_ids, image.runtime)
        for layer in loaded.layers:
            read(target.repository, layer.descriptor)


def test_a_layout_that_skopeo_wrote_without_a_tag_is_read(
    repository: InMemoryRepository, image: Image, tmp_path: Path
) -> None:
    images.copy(repository, LayoutRepository(tmp_path / "source", HERE), image.descriptor, "v1")
    skopeo(f"oci:{tmp_path / 'source'}:v1", f"oci:{tmp_path / 'out'}")
    target = open_target(f"oci:{tmp_path / 'out'}")
    assert images.load(target.repository, target.target).digest == image.digest


def docker_save(path: Path, *, links: bool = False, squeeze: bool = False) -> bytes:
    """What Docker 1.10 to 24 writes; `links`: the same layer twice, the second one as a link to the first."""
    layer = tar_of({"a": b"1" * 5000})
    stored = gzip.compress(layer, mtime=0) if squeeze else layer
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)] * 2}}
    ).encode()
    manifest = [{"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["one/layer.tar", "two/layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for name, data in {
            "one/layer.tar": stored,
            "c.json": config,
            "manifest.json": json.dumps(manifest).encode(),
            **({} if links else {"two/layer.tar": stored}),
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        if links:
            info = tarfile.TarInfo("two/layer.tar")
            info.type, info.linkname = tarfile.SYMTYPE, "../one/layer.tar"
            tar.addfile(info)
    return stored


@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("squeeze", [False, True])
def test_old_docker_archives_with_linked_and_packed_layers_are_read(tmp_path: Path, links: bool, squeeze: bool) -> None:
    stored = docker_save(tmp_path / "a.tar", links=links, squeeze=squeeze)
    archive = open_archive(tmp_path / "a.tar", HERE)
    loaded = images.load(archive, "app:1", Platform())
    assert [read(archive, layer.descriptor) for layer in loaded.layers] == [stored, stored]
    archive.close()


def test_archives_of_before_manifest_json_are_read(tmp_path: Path) -> None:
    layers = [tar_of({"a": b"1"}), tar_of({"b": b"2"})]
    path = write_tar(
        tmp_path / "a.tar",
        [
            ("repositories", b'{"app": {"1": "leaf"}}'),
            ("leaf/json", b'{"id": "leaf", "parent": "root", "config": {"Cmd": ["/b"]}}'),
            ("leaf/layer.tar", layers[1]),
            ("root/json", b'{"id": "root"}'),
            ("root/layer.tar", layers[0]),
        ],
    )
    archive = DockerArchive(path, HERE)
    loaded = images.load(archive, "app:1", Platform())
    assert loaded.diff_ids == tuple(digest_of(layer) for layer in layers)
    assert loaded.runtime.cmd == ("/b",)
    archive.close()


@pytest.mark.parametrize("link", ["../../etc/passwd", "/etc/passwd", "../../../x"])
def test_a_link_out_of_the_archive_is_refused(tmp_path: Path, link: str) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("one/layer.tar")
        info.type, info.linkname = tarfile.SYMTYPE, link
        tar.addfile(info)
    with pytest.raises(InvalidData, match="leads out"):
        TarIndex(path)


@pytest.mark.parametrize("name", ["../up", "/absolute", "a/../../b"])
def test_a_member_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidData, match="leads out"):
        TarIndex(write_tar(tmp_path / "a.tar", [(name, b"x")]))


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match="twice"):
        TarIndex(write_tar(tmp_path / "a.tar", [("index.json", b"{}"), ("./index.json", b"[]")]))


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as tar:
        for name, link in (("a", "b"), ("b", "a")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, link
            tar.addfile(info)
    index = TarIndex(path)
    with pytest.raises(InvalidData, match="circle"):
        index.open("a")
    index.close()


def test_an_archive_cut_anywhere_is_refused_or_complete(repository: InMemoryRepository, tmp_path: Path) -> None:
    small = images.pack(repository, [tar_of({"a": b"1"})], tag="small")
    path = tmp_path / "image.tar"
    write_oci_archive(repository, small, path, "small")
    whole = path.read_bytes()
    content = len(whole.rstrip(b"\0"))
    for size in range(0, content, 251):
        path.write_bytes(whole[:size])
        with pytest.raises(InvalidData):
            OciArchive(path, HERE)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 20_000), value=st.integers(0, 255))
def test_a_changed_byte_never_gives_another_image(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    repository = InMemoryRegistry().repository(HERE)
    image = images.pack(repository, [tar_of({"a": b"1"})], tag="v1")
    path = tmp_path_factory.mktemp("changed") / "image.tar"
    write_oci_archive(repository, image, path, "v1")
    data = bytearray(path.read_bytes())
    data[position % len(data)] = value
    path.write_bytes(data)
    try:
        archive = OciArchive(path, HERE)
    except PratiqueError:
        return
    try:
        assert images.load(archive, "v1", Platform()) == image
        assert read(archive, image.layers[0].descriptor) == read(repository, image.layers[0].descriptor)
    except PratiqueError:
        pass
    finally:
        archive.close()


def test_a_compressed_archive_may_not_unfold_without_end(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(bytes(10_000_000)))
    with pytest.raises(InvalidData, match="unfolds"):
        TarIndex(path, spool_limit=1_000_000)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x1f\x8bbroken", b"\x28\xb5\x2f\xfdbroken", b"PK\x03\x04" * 500, bytes(10_240)]
)
def test_what_is_not_an_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    for scheme in ("oci-archive", "docker-archive"):
        with pytest.raises(InvalidData):
            open_target(f"{scheme}:{path}")


def test_a_docker_archive_without_its_layer_is_refused(tmp_path: Path) -> None:
    config = msgspec.json.encode({"rootfs": {"diff_ids": [digest_of(b"")]}})
    manifest = msgspec.json.encode([{"Config": "c.json", "Layers": ["gone.tar"]}])
    path = write_tar(tmp_path / "a.tar", [("c.json", config), ("manifest.json", manifest)])
    with pytest.raises(InvalidData, match=r"gone\.tar is missing"):
        DockerArchive(path, HERE)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("oci:/no/such/folder:v1", None),
        ("oci-archive:/no/such/file", NotFound),
        ("docker-archive:/no/such/file:app:1", NotFound),
        ("oci:", UsageError),
        ("dir:/tmp", UsageError),
        ("docker-daemon:", UsageError),
        ("podman:../app", UsageError),
        ("containers-storage:app:1", UsageError),
        ("https://example.org/app", UsageError),
        ("docker://Not A Reference", UsageError),
        ("oci:" + "x" * 5000, UsageError),
    ],
)
def test_what_users_name_is_opened_or_refused_with_a_reason(text: str, error: type[PratiqueError] | None) -> None:
    if error is None:
        target = open_target(text)
        with pytest.raises(NotFound):
            target.repository.resolve(target.target)
        return
    with pytest.raises(error):
        open_target(text)


@pytest.mark.parametrize("text", ["ubuntu:22.04", "docker://ubuntu:22.04", "docker.io/library/ubuntu:22.04"])
def test_references_need_no_scheme(text: str) -> None:
    target = open_target(text)
    assert (target.name, target.target) == ("docker.io/library/ubuntu:22.04", "22.04")


def test_references_are_looked_up_in_a_folder_of_layouts(tmp_path: Path) -> None:
    target = open_target("localhost:5000/app:v1", layouts_root=tmp_path)
    image = images.pack(target.repository, [], tag="v1")
    again = open_target("localhost:5000/app:v1", layouts_root=tmp_path)
    assert images.load(again.repository, again.target) == image
    assert (tmp_path / "localhost_5000" / "app" / "index.json").exists()


def test_plain_http_is_for_loopback_only_and_not_even_that_when_it_is_forbidden(registry_host: str) -> None:
    target = open_target(f"{registry_host}/plain/app:1")
    with pytest.raises(NotFound):
        target.repository.resolve(target.target)
    target.close()
    target = open_target(f"{registry_host}/plain/app:1", plain_http=False)
    assert isinstance(target.repository, RemoteRepository)
    assert target.repository._client.base == f"https://{registry_host}"
    target.close()
