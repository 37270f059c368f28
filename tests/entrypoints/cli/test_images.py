"""Images end to end: packed for real, named as users name them, scanned by the command line."""

import json
import tarfile
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.descriptor import Descriptor, Platform
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry.images import copy
from pratique.registry.layout import LayoutRepository
from pratique.registry.pack import pack, pack_index
from pratique.registry.remote import RemoteRegistry
from tests.entrypoints.cli import world

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An OCI layout that holds one image, tagged 1.0."""
    packed(tmp_path / "layout")
    return tmp_path / "layout"


def packed(folder: Path) -> Image:
    """The small world as an image in a layout."""
    repository = LayoutRepository(folder, Reference.parse("registry.example/shop/web"))
    return pack(repository, [world.layer()], tag="1.0", created_by=["COPY . /"])


def blob(layout: Path, descriptor: Descriptor) -> Path:
    return layout / "blobs" / "sha256" / descriptor.digest.removeprefix("sha256:")


def archive(layout: Path, file: Path) -> Path:
    with tarfile.open(file, "w") as tar:
        for path in sorted(layout.rglob("*")):
            tar.add(path, str(path.relative_to(layout)), recursive=False)
    return file


def fails(capsys: Capture, *argv: str) -> tuple[int, str]:
    code = main(argv)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pratique: error: ")
    assert captured.err.count("\n") == 1
    return code, captured.err.removeprefix("pratique: error: ").strip()


def test_a_layout_is_scanned_with_its_image_and_layers(database: Path, layout: Path, capsys: Capture) -> None:
    assert main(["scan", f"oci:{layout}:1.0", "-f", "json", "--offline"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in document["findings"]] == ["CVE-2024-0001", "CVE-2018-18074", "CVE-2024-0002"]
    image = document["image"]
    assert document["inventory_image"] == image["digest"]
    assert document["packages"][0]["locations"][0]["layer"] == image["layers"][0]["diff_id"]
    assert image["layers"][0]["created_by"] == "COPY . /"


def test_a_layout_is_named_by_tag_by_digest_or_not_at_all(tmp_path: Path, capsys: Capture) -> None:
    image = packed(tmp_path / "layout")
    outputs = set()
    for suffix in ("", ":1.0", f"@{image.digest}"):
        assert main(["sbom", f"oci:{tmp_path / 'layout'}{suffix}", "-f", "json"]) == 0
        outputs.add(json.loads(capsys.readouterr().out)["image"]["digest"])
    assert outputs == {image.digest}


def test_an_oci_archive_holds_the_same_packages(tmp_path: Path, layout: Path, capsys: Capture) -> None:
    file = archive(layout, tmp_path / "image.tar")
    packages = []
    for target in (f"oci:{layout}", f"oci-archive:{file}"):
        assert main(["sbom", target, "-f", "json", "--offline"]) == 0
        packages.append(json.loads(capsys.readouterr().out)["packages"])
    assert packages[0] == packages[1] != []


def test_a_registry_holds_the_same_packages(registry_host: str, layout: Path, capsys: Capture) -> None:
    remote = Reference.parse(f"{registry_host}/cli/web:1.0")
    local = LayoutRepository(layout, Reference.parse("registry.example/shop/web"))
    repository = RemoteRegistry(plain_http=True).repository(remote)
    copy(local, repository, local.resolve("1.0"), "1.0")
    close = getattr(repository, "close", None)
    if close:
        close()
    for target in (str(remote), f"docker://{remote}"):
        assert main(["sbom", target, "-f", "json", "--plain-http"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert [package["name"] for package in document["packages"]] == ["libssl3", "requests"]
        assert document["target"] == str(remote)
    code, line = fails(capsys, "sbom", f"{registry_host}/cli/web:2.0", "--plain-http")
    assert code == 3
    assert "2.0" in line


def test_the_platform_chooses_from_an_index(tmp_path: Path, capsys: Capture) -> None:
    repository = LayoutRepository(tmp_path / "layout", Reference.parse("registry.example/shop/web"))
    images = [
        pack(repository, [world.layer()], platform=Platform("linux", name), config={"User": name})
        for name in ("amd64", "arm64")
    ]
    pack_index(repository, images, tag="1.0")
    target = f"oci:{tmp_path / 'layout'}:1.0"
    assert main(["sbom", target, "-f", "json", "--platform", "linux/arm64"]) == 0
    assert json.loads(capsys.readouterr().out)["image"]["digest"] == images[1].digest
    code, line = fails(capsys, "sbom", target, "--platform", "linux/s390x")
    assert code == 3
    assert "s390x" in line


def test_a_tag_that_does_not_exist_is_named(layout: Path, capsys: Capture) -> None:
    code, line = fails(capsys, "sbom", f"oci:{layout}:2.0")
    assert code == 3
    assert "2.0" in line


def test_a_truncated_layer_is_refused_and_nothing_is_written(database: Path, tmp_path: Path, capsys: Capture) -> None:
    image = packed(tmp_path / "layout")
    file = blob(tmp_path / "layout", image.layers[0].descriptor)
    file.write_bytes(file.read_bytes()[:-20])
    out = tmp_path / "out"
    out.mkdir()
    code, line = fails(capsys, "scan", f"oci:{tmp_path / 'layout'}:1.0", "-f", "json", "-o", str(out / "report.json"))
    assert code == 3
    assert image.layers[0].descriptor.digest in line
    assert list(out.iterdir()) == []


def test_a_layer_that_was_changed_is_refused(tmp_path: Path, capsys: Capture) -> None:
    image = packed(tmp_path / "layout")
    file = blob(tmp_path / "layout", image.layers[0].descriptor)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert fails(capsys, "sbom", f"oci:{tmp_path / 'layout'}:1.0")[0] == 3


@pytest.mark.parametrize("scheme", ["oci-archive", "docker-archive"])
@pytest.mark.parametrize("content", [b"", b"not an archive at all" * 100, b"\x1f\x8b\x08broken"])
def test_an_archive_that_is_none_is_refused(tmp_path: Path, scheme: str, content: bytes, capsys: Capture) -> None:
    file = tmp_path / "image.tar"
    file.write_bytes(content)
    code, line = fails(capsys, "sbom", f"{scheme}:{file}")
    assert code == 3
    assert "image.tar" in line


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("oci:{0}/nothing", 3),
        ("oci:{0}/layout@sha256:12", 3),
        ("oci-archive:{0}/nothing.tar", 3),
        ("oci:", 2),
        ("containers-storage:web", 2),
        ("https://registry.example/web", 2),
    ],
)
def test_a_target_that_leads_nowhere_is_named(
    layout: Path, tmp_path: Path, target: str, code: int, capsys: Capture
) -> None:
    assert fails(capsys, "sbom", target.format(tmp_path))[0] == code


@pytest.mark.slow  # it is asked again, in case it was only busy
def test_a_registry_that_does_not_answer_is_named(capsys: Capture) -> None:
    from tests.support.machine import free_port

    host = f"127.0.0.1:{free_port()}"
    code, line = fails(capsys, "sbom", f"{host}/web:1.0", "--plain-http")
    assert code == 3
    assert host in line
