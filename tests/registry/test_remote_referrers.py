"""Referrers over HTTP where the registry's API for them is missing, new, or leaves something out."""

import json
import time
from collections.abc import Iterator

import pytest

from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST
from pratique.model.digest import digest_of
from pratique.model.reference import Reference
from pratique.registry.credentials import FixedCredentials
from pratique.registry.remote import RemoteRegistry
from tests.registry.servers import Answer, Request, forward, serve
from tests.registry.support import attach, put

UNKNOWN = b'{"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}'


@pytest.fixture
def registry() -> Iterator[RemoteRegistry]:
    with RemoteRegistry(credentials=FixedCredentials(None), attempts=1) as open_registry:
        yield open_registry


def test_a_registry_without_the_api_is_asked_for_it_once_an_hour(
    registry: RemoteRegistry, registry_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def handle(request: Request) -> Answer:
        asked.append(request.path)
        return forward(registry_host, request)

    with serve(handle) as host:
        one, other = (registry.repository(Reference(host, f"referrers/{name}")) for name in ("one", "other"))
        for _ in range(3):
            assert one.referrers(digest_of(b"x")) == other.referrers(digest_of(b"x")) == ()
        assert len([path for path in asked if "/referrers/" in path.removeprefix("/v2/referrers")]) == 1
        assert len(asked) == 7
        clock = time.monotonic
        monkeypatch.setattr(time, "monotonic", lambda: clock() + 3601)
        one.referrers(digest_of(b"x"))
        assert len(asked) == 9


def test_a_repository_that_is_not_there_says_nothing_of_the_api(registry: RemoteRegistry) -> None:
    asked: list[str] = []

    def handle(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(404, {}, UNKNOWN)

    with serve(handle) as host:
        repository = registry.repository(Reference(host, "app"))
        for _ in range(2):
            assert repository.referrers(digest_of(b"x")) == ()
    assert len([path for path in asked if "/referrers/" in path]) == 2


def test_a_type_that_the_list_leaves_out_is_looked_up(registry: RemoteRegistry, registry_host: str) -> None:
    there = registry.repository(Reference(registry_host, "referrers/untyped"))
    subject = put(there, b"subject")
    attached = attach(there, subject, "application/sbom")
    gone = digest_of(b"a referrer that was deleted")

    def handle(request: Request) -> Answer:
        if "/referrers/sha256" not in request.path:
            return forward(registry_host, request)
        entries = [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 1} for digest in (attached.digest, gone)]
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
        return Answer(200, {"Content-Type": OCI_INDEX}, body)

    with serve(handle) as host:
        repository = registry.repository(Reference(host, "referrers/untyped"))
        [found] = repository.referrers(subject.digest, "application/sbom")
        assert (found.digest, found.artifact_type) == (attached.digest, "application/sbom")
        assert [entry.artifact_type for entry in repository.referrers(subject.digest)] == ["application/sbom", ""]


def test_a_repository_whose_connections_were_closed_goes_on(registry: RemoteRegistry, registry_host: str) -> None:
    repository = registry.repository(Reference(registry_host, "referrers/closed"))
    descriptor = put(repository, b"here")
    repository.close()
    assert repository.has_blob(descriptor.digest)
