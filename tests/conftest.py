"""Fixtures that several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.docker_registry import docker_registry
from tests.support.machine import require


@pytest.fixture(scope="session")
def registry_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`host:port` of a real registry without authentication; each test uses repositories of its own."""
    require("docker-registry")
    folder: Path = tmp_path_factory.mktemp("docker-registry")
    with docker_registry(folder) as host:
        yield host
