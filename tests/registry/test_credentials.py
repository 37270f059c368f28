"""Credentials as docker and podman leave them."""

import base64
import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InvalidData, PratiqueError, Refused
from pratique.model.reference import Reference
from pratique.registry.credentials import Credentials, FileCredentials

HUB = Reference.parse("debian")
AZURE = Reference.parse("example.azurecr.io/team/app")
BASIC = base64.b64encode(b"alice:se:cret").decode()
ALICE = Credentials("alice", "se:cret")


def find(tmp_path: Path, document: object, reference: Reference) -> Credentials | None:
    (tmp_path / "config.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return FileCredentials([tmp_path / "absent.json", tmp_path / "config.json"]).find(reference)


def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    program = tmp_path / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\nread server\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("key", "reference"),
    [
        ("https://index.docker.io/v1/", HUB),
        ("docker.io", HUB),
        ("index.docker.io", HUB),
        ("example.azurecr.io", AZURE),
        ("https://example.azurecr.io", AZURE),
        ("https://example.azurecr.io/v2/", AZURE),
        ("example.azurecr.io/team", AZURE),
        ("example.azurecr.io/team/app", AZURE),
    ],
)
def test_auths_are_found_under_all_their_keys(tmp_path: Path, key: str, reference: Reference) -> None:
    assert find(tmp_path, {"auths": {key: {"auth": BASIC}}}, reference) == ALICE
    assert find(tmp_path, {"auths": {key: {"auth": BASIC}}}, Reference.parse("other.example/team/app")) is None


def test_the_narrowest_key_wins(tmp_path: Path) -> None:
    bob = base64.b64encode(b"bob:b").decode()
    auths = {"example.azurecr.io": {"auth": bob}, "example.azurecr.io/team": {"auth": BASIC}}
    assert find(tmp_path, {"auths": auths}, AZURE) == ALICE
    assert find(tmp_path, {"auths": auths}, Reference.parse("example.azurecr.io/x")) == Credentials("bob", "b")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"username": "alice", "password": "se:cret"}, ALICE),
        ({"identitytoken": "t"}, Credentials(identity_token="t")),
        (
            {"auth": base64.b64encode(b"00000000-0000-0000-0000-000000000000:").decode(), "identitytoken": "t"},
            Credentials("00000000-0000-0000-0000-000000000000", "", "t"),
        ),
        ({}, None),
        (None, None),
    ],
)
def test_every_kind_of_entry_is_read(tmp_path: Path, entry: object, expected: Credentials | None) -> None:
    assert find(tmp_path, {"auths": {"example.azurecr.io": entry}}, AZURE) == expected


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": 1}', '{"auths": {"x": {"auth": 5}}}', "\0"])
def test_a_broken_file_is_named_without_its_secrets(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidData, match=r"config\.json"):
        find(tmp_path, text, AZURE)


def test_an_auth_that_is_not_base64_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidData, match=r"example\.azurecr\.io"):
        find(tmp_path, {"auths": {"example.azurecr.io": {"auth": "a secret!"}}}, AZURE)


@given(st.text(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "config.json"
    path.write_bytes(text.encode(errors="surrogatepass"))
    with contextlib.suppress(PratiqueError):
        assert FileCredentials([path]).find(AZURE) is None


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_helpers_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    helper(
        tmp_path, monkeypatch, "tested", """echo '{"ServerURL":"'$server'","Username":"alice","Secret":"'$server'"}'"""
    )
    document = {key: "tested" if key == "credsStore" else {"example.azurecr.io": "tested"}}
    assert find(tmp_path, document, AZURE) == Credentials("alice", "example.azurecr.io")


def test_a_helper_is_asked_for_docker_hub_by_its_old_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "tested", """echo '{"Username":"alice","Secret":"'$server'"}'""")
    assert find(tmp_path, {"credsStore": "tested"}, HUB) == Credentials("alice", "https://index.docker.io/v1/")


def test_a_helper_may_keep_an_identity_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "tested", """echo '{"Username":"<token>","Secret":"t"}'""")
    assert find(tmp_path, {"credsStore": "tested"}, AZURE) == Credentials(identity_token="t")


def test_what_a_helper_does_not_know_is_looked_up_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(tmp_path, monkeypatch, "tested", "echo 'credentials not found in native keychain'; exit 1")
    document = {"credsStore": "tested", "auths": {"example.azurecr.io": {"auth": BASIC}}}
    assert find(tmp_path, document, AZURE) == ALICE


@pytest.mark.parametrize("script", ["echo locked >&2; exit 1", "echo nonsense", "exit 1"])
def test_a_helper_that_fails_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    helper(tmp_path, monkeypatch, "tested", script)
    with pytest.raises(PratiqueError, match="docker-credential-tested"):
        find(tmp_path, {"credsStore": "tested"}, AZURE)


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="docker-credential-nowhere"):
        find(tmp_path, {"credsStore": "nowhere"}, AZURE)


@pytest.mark.parametrize("name", ["../../bin/sh", "a b", "/x", "-x"])
def test_a_helper_is_a_name_not_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidData):
        find(tmp_path, {"credsStore": name}, AZURE)


def test_files_are_looked_for_where_docker_and_podman_do(tmp_path: Path) -> None:
    for number, place in enumerate(
        ("run/containers/auth.json", "docker/config.json", "home/.docker/config.json", "only")
    ):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"auths": {"example.azurecr.io": {"username": str(number)}}}))
    environment = {"HOME": str(tmp_path / "home")}
    found = []
    for name, value in (
        ("HOME", "home"),
        ("DOCKER_CONFIG", "docker"),
        ("XDG_RUNTIME_DIR", "run"),
        ("REGISTRY_AUTH_FILE", "only"),
    ):
        environment[name] = str(tmp_path / value)
        credentials = FileCredentials.of_environment(environment).find(AZURE)
        found.append(credentials.username if credentials else None)
    assert found == ["2", "1", "0", "3"]
    assert FileCredentials.of_environment({}).find(AZURE) is None


def test_a_secret_does_not_show_itself() -> None:
    assert "se:cret" not in repr(ALICE)
    assert "se:cret" not in f"{ALICE}"
