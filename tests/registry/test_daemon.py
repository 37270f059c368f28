"""Images from a daemon's socket: a real podman's, and daemons that fail as a test wants."""

import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable, UsageError
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.archive import write_docker_archive
from pratique.registry.daemon import open_daemon
from pratique.registry.daemon_socket import DOCKER, PODMAN, Endpoint, endpoints
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.targets import open_target
from tests.registry.podman import Podman, podman
from tests.registry.servers import Answer, Request, serve
from tests.registry.support import read, tar_of
from tests.support.machine import require

APP = Reference.parse("localhost/app:1")
FILES = {"etc/os-release": b"ID=debian\n", "a": b"1"}


def saved(path: Path, reference: Reference = APP, files: dict[str, bytes] = FILES) -> Image:
    """An image, written to `path` as `docker save` does."""
    repository = InMemoryRegistry().repository(reference)
    image = images.pack(repository, [tar_of(files), tar_of({"b": b"2"})], tag=reference.tag)
    write_docker_archive(repository, image, path, reference)
    return image


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Podman, Image]]:
    folder = tmp_path_factory.mktemp("podman")
    with podman(folder) as running:
        image = saved(folder / "app.tar")
        running.load(folder / "app.tar")
        saved(folder / "other.tar", APP.tagged("2"), {"c": b"3"})
        running.load(folder / "other.tar")
        saved(folder / "latest.tar", APP.tagged("latest"), {"d": b"4"})
        running.load(folder / "latest.tar")
        yield running, image


@pytest.fixture(autouse=True)
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go; none is left behind, whatever happens."""
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("variable", ["CONTAINER_HOST", "DOCKER_HOST"])
@pytest.mark.parametrize("name", ["localhost/app:1", "app:1"])
def test_an_image_comes_from_podmans_socket_as_it_was_put_there(
    real: tuple[Podman, Image], monkeypatch: pytest.MonkeyPatch, variable: str, name: str
) -> None:
    running, image = real
    monkeypatch.setenv(variable, f"unix://{running.socket}")
    target = open_target(f"{'podman' if variable == 'CONTAINER_HOST' else 'docker-daemon'}:{name}")
    found = images.load(target.repository, target.target)
    assert [layer.diff_id for layer in found.layers] == [layer.diff_id for layer in image.layers]
    assert found.config.digest == image.config.digest
    assert read(target.repository, found.layers[0].descriptor) == tar_of(FILES)
    target.close()


def test_an_image_is_named_by_its_id(real: tuple[Podman, Image]) -> None:
    running, image = real
    environment = {"CONTAINER_HOST": f"unix://{running.socket}"}
    digest = image.config.digest
    for name in (digest, digest.removeprefix("sha256:"), digest.removeprefix("sha256:")[:12]):
        archive = open_daemon("podman", name, environment)
        assert images.load(archive, archive.sole_target()).config.digest == digest
        archive.close()


def test_without_a_tag_it_is_the_latest(real: tuple[Podman, Image]) -> None:
    archive = open_daemon("podman", "app", {"CONTAINER_HOST": f"unix://{real[0].socket}"})
    assert list(archive.tags()) == ["latest"]
    archive.close()


def test_an_image_that_podman_does_not_have_is_not_found(real: tuple[Podman, Image]) -> None:
    with pytest.raises(NotFound, match="podman has no image nowhere:1"):
        open_daemon("podman", "nowhere:1", {"CONTAINER_HOST": f"unix://{real[0].socket}"})


def fake(answer: Answer, limit: int = 10**9) -> None:
    with serve(lambda _: answer) as host:
        open_daemon("docker-daemon", "app:1", {"DOCKER_HOST": f"tcp://{host}"}, limit=limit).close()


def test_a_daemon_is_asked_for_the_one_image(tmp_path: Path) -> None:
    image = saved(tmp_path / "app.tar")
    asked: list[str] = []

    def handle(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}")
        return Answer(200, {}, (tmp_path / "app.tar").read_bytes())

    with serve(handle) as host:
        archive = open_daemon("docker-daemon", "team/app", {"DOCKER_HOST": f"tcp://{host}"})
    assert asked == ["GET /images/team/app:latest/get"]
    assert images.load(archive, "1").config.digest == image.config.digest
    archive.close()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(404, {}, b'{"message": "No such image: app:1"}'), NotFound, "No such image: app:1"),
        (Answer(404, {}, b"<html>"), NotFound, "docker pull"),
        (Answer(500, {}, b'{"message": "disk\\nfull"}'), Unavailable, "500 disk full"),
        (Answer(200, {}, b""), InvalidData, "docker-daemon:app:1"),
        (Answer(200, {}, b"x" * 10_000), InvalidData, "docker-daemon:app:1"),
        (Answer(0), Unavailable, "broke off"),
        (Answer(200, {}, b"x" * 10_000, cut=5000), Unavailable, "broke off"),
    ],
)
def test_whatever_else_a_daemon_answers_is_an_error_that_names_the_image(
    answer: Answer, kind: type[PratiqueError], words: str
) -> None:
    with pytest.raises(kind) as caught:
        fake(answer)
    assert words in str(caught.value)


def test_an_archive_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "app.tar")
    data = (tmp_path / "app.tar").read_bytes()
    with pytest.raises(InvalidData, match=r"cut off|end of data"):
        fake(Answer(200, {}, data[:2000]))


def test_no_more_is_kept_than_the_limit() -> None:
    with pytest.raises(InvalidData, match="larger than 1000000 bytes"):
        fake(Answer(200, {}, bytes(3_000_000)), limit=1_000_000)


def test_a_daemon_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no socket of podman's at .*/podman/podman\.sock and .* system service"):
        open_daemon("podman", "app:1", {"XDG_RUNTIME_DIR": str(tmp_path)})
    with pytest.raises(NotFound, match="DOCKER_HOST names another"):
        open_daemon("docker-daemon", "app:1", {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})


def test_a_socket_that_nobody_listens_on_is_told(tmp_path: Path) -> None:
    path = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    with pytest.raises(Unavailable, match="nobody answers"):
        open_daemon("docker-daemon", "app:1", {"DOCKER_HOST": f"unix://{path}"})


def test_a_socket_that_we_may_not_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker.sock").touch()

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", denied)  # root may use them all
    with pytest.raises(Refused, match="in the group"):
        open_daemon("docker-daemon", "app:1", {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})


def test_a_daemon_far_away_shows_and_wants_certificates(tmp_path: Path) -> None:
    require("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate), *names]
    subprocess.run(command, check=True, capture_output=True)
    saved(tmp_path / "app.tar")
    environment = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with serve(lambda _: Answer(200, {}, (tmp_path / "app.tar").read_bytes()), tls=(certificate, key)) as host:
        environment["DOCKER_HOST"] = f"tcp://{host}"
        with pytest.raises(InvalidData, match=r"lacks ca\.pem"):
            open_daemon("docker-daemon", "app:1", environment)
        (tmp_path / "ca.pem").write_bytes(certificate.read_bytes())
        open_daemon("docker-daemon", "app:1", environment).close()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (Endpoint("/var/run/docker.sock"),)),
        ({"XDG_RUNTIME_DIR": "/r"}, (Endpoint("/var/run/docker.sock"), Endpoint("/r/docker.sock"))),
        ({"DOCKER_HOST": "unix:///x.sock"}, (Endpoint("/x.sock"),)),
        ({"DOCKER_HOST": "tcp://build.example"}, (Endpoint("", "build.example", 2375),)),
        ({"DOCKER_HOST": "tcp://[::1]:99"}, (Endpoint("", "::1", 99),)),
        (
            {"DOCKER_HOST": "tcp://b", "DOCKER_TLS_VERIFY": "1", "HOME": "/h"},
            (Endpoint("", "b", 2376, "/h/.docker"),),
        ),
    ],
)
def test_docker_is_looked_for_where_its_own_programs_do(
    environment: dict[str, str], expected: tuple[Endpoint, ...]
) -> None:
    assert endpoints(DOCKER, environment) == expected


def test_podman_is_looked_for_where_its_own_programs_do() -> None:
    assert endpoints(PODMAN, {}) == (Endpoint("/run/podman/podman.sock"),)
    assert endpoints(PODMAN, {"XDG_RUNTIME_DIR": "/r"})[0] == Endpoint("/r/podman/podman.sock")
    assert endpoints(PODMAN, {"CONTAINER_HOST": "unix:///x", "DOCKER_HOST": "unix:///y"}) == (Endpoint("/x"),)


@pytest.mark.parametrize(
    "url", ["ssh://build.example", "npipe:////./pipe/docker", "unix://relative", "tcp://", "tcp://x:y"]
)
def test_other_ways_to_a_daemon_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="DOCKER_HOST"):
        endpoints(DOCKER, {"DOCKER_HOST": url})


@pytest.mark.parametrize("name", ["", "../secrets", "a/../b", "-x", "a b", "a?b=1", "a\r\nHost: x", "a" * 600])
def test_a_name_that_is_none_is_asked_of_nobody(name: str) -> None:
    with pytest.raises(UsageError):
        open_daemon("docker-daemon", name, {"DOCKER_HOST": f"unix://{os.devnull}"})


@given(st.text(max_size=40))
def test_any_address_is_read_or_refused(url: str) -> None:
    with contextlib.suppress(UsageError):
        [endpoint] = endpoints(DOCKER, {"DOCKER_HOST": f"tcp://{url}"})
        assert endpoint.host
        assert 0 < endpoint.port < 65536
