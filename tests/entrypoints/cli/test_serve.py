"""`pratique serve` with something wrong: one line and an exit code, before anything is begun."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.attest.keys import generate
from pratique.entrypoints.cli.main import main
from pratique.store.lock import hold
from tests.support.machine import free_port

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files to name: a key with a password, one that isn't one, policies, kubeconfigs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong")
    monkeypatch.setenv("PRATIQUE_KEY_PASSWORD", "wrong")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    pair = generate(b"secret")
    (tmp_path / "a.key").write_bytes(pair.private_pem)
    (tmp_path / "a.pub").write_bytes(pair.public_pem)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(b"\xff\xfe\x00" * 100)
    (tmp_path / "policy").write_text("version: 1\nname: x\nrules: [{severty: 1}]\n")
    (tmp_path / "words").write_text("hello\n")
    (tmp_path / "dead").write_text(
        "{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}],"
        f" clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:{free_port()}'}}}}],"
        " users: [{name: u, user: {token: x}}]}"
    )
    return tmp_path


@pytest.fixture
def taken() -> Iterator[str]:
    """An address where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def refused(capsys: Capture, *argv: str) -> tuple[int, str]:
    code = main(["serve", "--state", "state", *argv])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pratique: error: ")
    assert captured.err.count("\n") == 1
    return code, captured.err.removeprefix("pratique: error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        ("--db nothing", 3, "no advisories at nothing"),
        ("--hooks nonsense", 2, "not an address to listen on: 'nonsense'"),
        ("--hooks 203.0.113.7:8480", 2, "cannot listen on 203.0.113.7:8480 ("),
        ("--hooks no.such.host.invalid:8480", 2, "cannot listen on no.such.host.invalid:8480 ("),
        ("--key nothing", 3, "cannot read the key nothing"),
        ("--key a.key", 2, "the password does not open this private key"),
        ("--key a.pub", 3, "not a private key but a public key"),
        ("--key noise", 3, "not a key"),
        ("--trust nothing", 3, "cannot read the key nothing"),
        ("--trust a.key", 3, "not a public key but a private one"),
        ("--hook-token nothing", 3, "no such file: nothing"),
        ("--hook-token folder", 2, "cannot read folder"),
        ("--hook-token empty", 2, "no token in empty"),  # an empty secret must not open the hooks to all
        ("--hook-token noise", 2, "no token in noise"),
        ("--policy nothing", 3, "no such file: nothing"),
        ("--policy policy", 2, "did you mean 'severity'?"),
        ("--admission {port} --admission-policy nothing", 3, "no such file: nothing"),
        ("--admission {port} --admission-policy policy", 2, "there is no setting 'version'"),
        ("--admission {port} --tls-cert a.pub", 2, "--tls-cert and --tls-key belong together"),
        ("--admission {port} --tls-cert nothing --tls-key a.key", 2, "cannot use the certificate nothing with the key"),
        ("--admission {port} --tls-cert a.pub --tls-key a.key", 2, "cannot use the certificate a.pub with the key"),
        ("--admission {port} --register x", 2, "there is no cluster to register the webhook in"),
        ("--admission {port} --register x --webhook-service y", 2, "not a Service: 'y'"),
        ("--register x", 2, "--register does nothing without --admission"),
        ("--tls-cert a.pub --tls-key a.key", 2, "--tls-cert does nothing without --admission"),
        ("--admission {port} --webhook-url https://x", 2, "--webhook-url does nothing without --register"),
        ("--build nonsense", 2, "not a build: 'nonsense'"),
        ("--build web=folder", 2, "not a build: 'web=folder'"),
        ("--deadline soon", 2, "invalid float value"),
        ("--deadline 0", 2, "--deadline 0 is no time to wait"),
        ("--deadline nan", 2, "--deadline nan is no time to wait"),
        ("--registry https://registry.example", 2, "not a registry: 'https://registry.example'"),
        ("--registry registry.example/shop", 2, "not a registry: 'registry.example/shop'"),
        ("--vouch-for registry.example/SHOP", 2, "not a place in a registry: --vouch-for"),
        ("--kubeconfig nothing", 2, "can't use the kubeconfig nothing"),
        ("--kubeconfig folder", 2, "can't use the kubeconfig folder"),
        ("--kubeconfig empty", 2, "can't use the kubeconfig empty: it is empty, or no kubeconfig"),
        ("--kubeconfig words", 2, "can't use the kubeconfig words: it is empty, or no kubeconfig"),
        ("--kubeconfig noise", 2, "can't use the kubeconfig noise"),
        ("--kubeconfig dead", 3, "does not answer"),
        ("--in-cluster", 2, "can't use the kubeconfig"),
    ],
)
def test_a_wrong_option_is_one_line(folder: Path, options: str, code: int, says: str, capsys: Capture) -> None:
    argv = options.format(port=f"127.0.0.1:{free_port()}").split()
    hooks = [] if "--hooks" in argv else ["--hooks", f"127.0.0.1:{free_port()}"]
    got, line = refused(capsys, *hooks, *argv)
    assert says in line
    assert got == code


@pytest.mark.parametrize("option", ["--key", "--policy", "--hook-token", "--kubeconfig", "--admission", "--registry"])
def test_an_empty_option_is_a_mistake_and_not_its_absence(folder: Path, option: str, capsys: Capture) -> None:
    assert refused(capsys, option, "") == (2, f"{option} is empty: is it from a variable that isn't set?")


def test_a_port_that_is_taken_is_named_and_nothing_is_begun(folder: Path, taken: str, capsys: Capture) -> None:
    code, line = refused(capsys, "--hooks", taken)
    assert (code, line) == (2, f"cannot listen on {taken} (Address already in use): name another address or port")
    code, line = refused(capsys, "--hooks", f"127.0.0.1:{free_port()}", "--admission", taken)
    assert line.startswith(f"cannot listen on {taken} (")
    assert not (folder / "state").exists()


def test_a_state_that_is_in_use_or_cannot_be_written_is_named(folder: Path, capsys: Capture) -> None:
    hooks = ["--hooks", f"127.0.0.1:{free_port()}"]
    with hold(folder / "state"):
        code, line = refused(capsys, *hooks)
    assert code == 3
    assert line.startswith("state is in use by another pratique (process ")
    assert refused(capsys, *hooks, "--state", "empty")[1].startswith("cannot write in empty (File exists)")


def test_a_state_of_a_newer_version_or_of_another_program_is_refused(folder: Path, capsys: Capture) -> None:
    import sqlite3

    hooks, store = ["--hooks", f"127.0.0.1:{free_port()}"], folder / "state" / "store.db"
    store.parent.mkdir()
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA user_version=999")
    connection.close()
    assert "was written by a newer Pratique" in refused(capsys, *hooks)[1]
    store.write_bytes(b"not a database at all" * 100)
    assert "is not a store of Pratique" in refused(capsys, *hooks)[1]
