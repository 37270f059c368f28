"""The test supports themselves: a fixture that starts nothing would make every protocol test worthless."""

import json
import urllib.request
from pathlib import Path

import pytest

from tests.support.apiserver import api_server


def test_the_registry_fixture_is_a_real_registry(registry_host: str) -> None:
    with urllib.request.urlopen(f"http://{registry_host}/v2/_catalog", timeout=5) as answer:
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        assert "repositories" in json.load(answer)


def test_an_api_server_that_is_not_built_is_a_skip_that_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRATIQUE_TOOLS", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="scripts/apiserver builds them"), api_server(tmp_path):
        pass


def test_an_api_server_that_does_not_start_fails_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_TOOLS", str(tmp_path))
    (tmp_path / "bin").mkdir()
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\necho {name}: no such flag\nexit 1\n")
        (tmp_path / "bin" / name).chmod(0o755)
    with pytest.raises(RuntimeError, match=r"(etcd|kube-apiserver): no such flag"), api_server(tmp_path / "data"):
        pass
