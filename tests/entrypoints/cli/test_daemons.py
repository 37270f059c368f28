"""Images that Docker or podman keeps, as targets of commands."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.archive import write_docker_archive
from pratique.registry.in_memory import InMemoryRegistry
from tests.registry.podman import podman
from tests.registry.servers import Answer, serve
from tests.registry.support import tar_of

Capture = pytest.CaptureFixture[str]
APP = Reference.parse("localhost/app:1")
PACKAGE = b"Metadata-Version: 2.1\nName: requests\nVersion: 2.19.0\n"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """What `docker save` would write of an image."""
    repository = InMemoryRegistry().repository(APP)
    layer = tar_of({"usr/lib/python3/dist-packages/requests-2.19.0.dist-info/METADATA": PACKAGE})
    write_docker_archive(repository, images.pack(repository, [layer], tag="1"), tmp_path / "app.tar", APP)
    return tmp_path / "app.tar"


@pytest.fixture
def docker(saved: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A daemon that has the image."""
    with serve(lambda _: Answer(200, {}, saved.read_bytes())) as host:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{host}")
        yield


def names(text: str) -> list[str]:
    return [component["name"] for component in json.loads(text)["components"]]


@pytest.mark.usefixtures("docker")
@pytest.mark.parametrize("options", [[], ["--offline"]])
def test_an_image_that_docker_keeps_is_scanned(capsys: Capture, options: list[str]) -> None:
    assert main(["sbom", "docker-daemon:localhost/app:1", *options]) == 0
    assert "requests" in names(capsys.readouterr().out)


def test_an_image_that_podman_keeps_is_scanned(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    with podman(tmp_path / "podman") as running:
        running.load(saved)
        monkeypatch.setenv("CONTAINER_HOST", f"unix://{running.socket}")
        assert main(["sbom", "podman:app:1"]) == 0
    assert "requests" in names(capsys.readouterr().out)


def test_without_a_daemon_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert main(["sbom", "docker-daemon:app:1"]) == 3
    error = capsys.readouterr().err
    assert error.startswith("pratique: error: no socket of Docker's at ")
    assert error.count("\n") == 1
