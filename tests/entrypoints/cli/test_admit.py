"""`pratique admit`: a saved review answered, a certificate made, the webhook served."""

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.attest import keys
from pratique.attest.sign import sign_image
from pratique.entrypoints.cli.main import main
from pratique.model.reference import Reference
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from tests.admit import bodies
from tests.support.machine import free_port

POLICY = "verdict: optional\n"


@pytest.fixture
def trust(tmp_path: Path) -> list[str]:
    pair = keys.generate(b"")
    (tmp_path / "k.key").write_bytes(pair.private_pem)
    (tmp_path / "k.pub").write_bytes(pair.public_pem)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return ["--policy", str(tmp_path / "policy.yaml"), "--key", str(tmp_path / "k.pub")]


@pytest.fixture
def image(registry_host: str, tmp_path: Path, trust: list[str]) -> str:
    reference = Reference.parse(f"{registry_host}/gate/{uuid4().hex}:1")
    with RemoteRegistry() as registry:
        repository = registry.repository(reference)
        digest = pack(repository, [b""], tag="1").digest
        sign_image(repository, digest, keys.load_private((tmp_path / "k.key").read_bytes()), reference)
        pack(repository, [b"", b"unsigned"], tag="unsigned")
    return str(reference)


def saved(folder: Path, *images: str) -> str:
    path = folder / "review.json"
    path.write_bytes(bodies.review(bodies.pod(*images)))
    return str(path)


def test_a_signed_image_is_admitted_and_pinned(
    image: str, trust: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admit", "review", saved(tmp_path, image), *trust, "--mutate"]) == 0
    response = json.loads(capsys.readouterr().out)["response"]
    (operation,) = json.loads(base64.b64decode(response["patch"]))
    assert operation["value"].startswith(image + "@sha256:")


def test_an_unsigned_image_is_denied_with_exit_1(
    image: str, trust: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsigned = f"{Reference.parse(image).name}:unsigned"
    assert main(["admit", "review", saved(tmp_path, unsigned), *trust]) == 1
    message = json.loads(capsys.readouterr().out)["response"]["status"]["message"]
    assert "it is not signed by a key we trust" in message
    assert "pratique sign" in message


def test_offline_nothing_is_known(trust: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admit", "review", saved(tmp_path, "nginx"), *trust, "--offline"]) == 1
    assert "nothing is known of it" in capsys.readouterr().out


def test_wrong_input_is_one_clear_line(trust: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("mode: strict\n")
    for arguments in (
        ["review", str(tmp_path / "missing.json")],
        ["review", str(bad)],
        ["review", saved(tmp_path, "nginx"), "--policy", str(bad)],
        ["review", saved(tmp_path, "nginx"), "--key", str(bad)],
        ["serve", "--certificate", "a", "--private-key", "b"],
        ["serve", "--certificate", str(bad), "--private-key", str(bad), *trust],
        ["certificate", "not a name", "--folder", str(tmp_path)],
        ["certificate", "a.b.svc", "--folder", str(tmp_path), "--days", "0"],
    ):
        assert main(["admit", *arguments]) in {2, 3}, arguments
        assert capsys.readouterr().err.count("\n") == 1, arguments


def test_the_served_webhook_answers_and_stops_when_told_to(image: str, trust: list[str], tmp_path: Path) -> None:
    port, tls = free_port(), tmp_path / "tls"
    assert main(["admit", "certificate", "127.0.0.1", "--folder", str(tls), "--days", "3650"]) == 0
    arguments = ["--host", "127.0.0.1", "--port", str(port)]
    arguments += ["--certificate", str(tls / "tls.crt"), "--private-key", str(tls / "tls.key")]
    command = [sys.executable, "-m", "pratique", "admit", "serve", *arguments, *trust]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            answer = ask(f"https://127.0.0.1:{port}/validate?timeout=10s", image, tls / "ca.crt")
        finally:
            process.send_signal(signal.SIGTERM)
            errors = process.communicate(timeout=20)[1]
    assert answer["response"]["allowed"] is True
    assert process.returncode == 0, errors
    assert b"Traceback" not in errors


def ask(url: str, image: str, ca: Path) -> dict[str, dict[str, object]]:
    body = bodies.review(bodies.pod(image))
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10, context=ssl.create_default_context(cafile=ca)) as response:
                answer: dict[str, dict[str, object]] = json.load(response)
                return answer
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
