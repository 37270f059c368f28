"""The test supports themselves: a fixture that starts nothing would make every protocol test worthless."""

import json
import urllib.request


def test_the_registry_fixture_is_a_real_registry(registry_host: str) -> None:
    with urllib.request.urlopen(f"http://{registry_host}/v2/_catalog", timeout=5) as answer:
        assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
        assert "repositories" in json.load(answer)
