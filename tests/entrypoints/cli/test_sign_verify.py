"""`pratique sign` and `pratique verify`, from keys to exit codes."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.reference import Reference
from pratique.registry.layout import LayoutRepository
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COSIGN_PASSWORD", "secret")
    assert main(["sign", "--generate-key", str(tmp_path / "k")]) == 0
    capsys.readouterr()
    return str(tmp_path / "k")


@pytest.fixture
def layout(tmp_path: Path) -> str:
    pack(LayoutRepository(tmp_path / "app", Reference.parse("registry.example/app")), [b""], tag="1")
    return f"oci:{tmp_path / 'app'}:1"


def test_sign_and_verify_in_a_layout(key: str, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", layout, "--key", f"{key}.pub"]) == 1
    assert "nothing was found beside it" in capsys.readouterr().out
    assert main(["sign", layout, "--key", f"{key}.key", "-a", "stage=prod"]) == 0
    assert "signed" in capsys.readouterr().out
    assert main(["verify", layout, "--key", f"{key}.pub", "-a", "stage=prod"]) == 0
    assert "verified" in capsys.readouterr().out
    assert main(["verify", layout, "--key", f"{key}.pub", "-a", "stage=test"]) == 1
    assert "without the annotation stage=test" in capsys.readouterr().out


@pytest.mark.parametrize("form", [[], ["--bundle"]])
def test_sign_attest_and_verify_in_a_registry(
    key: str, registry_host: str, tmp_path: Path, form: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    reference = Reference.parse(f"{registry_host}/cli/{uuid4().hex}:1")
    with RemoteRegistry() as registry:
        digest = pack(registry.repository(reference), [b""], tag="1").digest
    target = ["docker://" + str(reference), "--plain-http"]
    predicate = tmp_path / "sbom.json"
    predicate.write_text('{"bomFormat": "CycloneDX"}')
    assert main(["sign", *target, "--key", f"{key}.key", *form]) == 0
    attest = ["--type", "cyclonedx", "--predicate", str(predicate)]
    assert main(["sign", *target, "--key", f"{key}.key", *attest, *form]) == 0
    capsys.readouterr()
    assert main(["verify", *target, "--key", f"{key}.pub", "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["image"] == f"{reference.name}@{digest}"
    assert [each["predicate_type"] for each in document["verified"]] == [""]
    assert main(["verify", *target, "--key", f"{key}.pub", "--type", "cyclonedx", "-f", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["verified"][0]["predicate"] == {"bomFormat": "CycloneDX"}
    assert main(["verify", *target, "--key", f"{key}.pub", "--type", "spdx"]) == 1


def test_a_wrong_password_is_one_clear_line(
    key: str, layout: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COSIGN_PASSWORD", "wrong")
    assert main(["sign", layout, "--key", f"{key}.key"]) == 2
    error = capsys.readouterr().err
    assert "password" in error
    assert error.count("\n") == 1


def test_keys_are_private_and_not_overwritten(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert Path(f"{key}.key").stat().st_mode & 0o777 == 0o600
    before = Path(f"{key}.key").read_bytes()
    assert main(["sign", "--generate-key", key]) == 2
    assert "there already" in capsys.readouterr().err
    assert Path(f"{key}.key").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["sign"],
        ["sign", "LAYOUT"],
        ["sign", "LAYOUT", "--key", "KEY.key", "-a", "novalue"],
        ["sign", "LAYOUT", "--key", "KEY.key", "--type", "cyclonedx"],
        ["sign", "LAYOUT", "--key", "KEY.key", "--type", "nonsense", "--predicate", "KEY.pub"],
        ["sign", "LAYOUT", "--key", "KEY.key", "--type", "spdx", "--predicate", "KEY.pub", "-a", "a=b"],
        ["verify", "LAYOUT"],
        ["verify", "Not A Reference", "--key", "KEY.pub"],
    ],
)
def test_wrong_arguments_are_one_clear_line(
    key: str, layout: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = [argument.replace("LAYOUT", layout).replace("KEY", key) for argument in arguments]
    assert main(fitted) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("file", ["KEY.key", "/dev/zero", "LAYOUT", "missing"])
def test_what_is_no_public_key_is_one_clear_line(
    key: str, layout: str, tmp_path: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file.replace("KEY", key).replace("LAYOUT", str(tmp_path / "app" / "index.json"))
    assert main(["verify", layout, "--key", path]) in {2, 3}
    assert capsys.readouterr().err.count("\n") == 1


def test_a_predicate_that_is_not_json_is_refused(key: str, layout: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sign", layout, "--key", f"{key}.key", "--type", "spdx", "--predicate", f"{key}.pub"]) == 3
    assert "not JSON" in capsys.readouterr().err
