"""Logging in to ACR: from what a pod, a machine or a job is in Entra to a registry's access token.

Entra, IMDS and ACR are twins of the documented shape (`twin.py`), with a real registry behind ACR's gate.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable, UsageError
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.azure.login import AzureCredentials
from pratique.registry.credentials import Credentials, FindsCredentials, FirstOf, FixedCredentials
from pratique.registry.remote import RemoteRegistry, RemoteRepository
from pratique.registry.transport import Transport
from tests.registry.azure.twin import CLIENT, PASSWORD, RESOURCE, SECRET, Azure, answer
from tests.registry.servers import Answer, Request, serve
from tests.registry.support import tar_of


class World:
    """An Azure, a clock, and a client of its registry."""

    def __init__(self, stack: ExitStack, backend: str, folder: Path) -> None:
        self.azure = Azure(stack, backend, folder)
        self.stack = stack
        self.name = f"azure/{folder.name.replace('_', '-').lower()}"
        self.time = 0.0
        self.slept: list[float] = []
        self.there = RemoteRegistry().repository(Reference(backend, self.name))
        self.image = images.pack(self.there, [tar_of({"a": b"1"})], tag="v1")
        stack.callback(self.there.close)

    def credentials(self, *kinds: str, **environment: str) -> AzureCredentials:
        transport = Transport(attempts=3, sleep=self.slept.append)
        self.stack.callback(transport.close)
        known = self.azure.environment(*kinds) | environment
        return AzureCredentials(transport, known, clock=lambda: self.time, sleep=self.slept.append)

    def registry(self, credentials: FindsCredentials) -> RemoteRegistry:
        return self.stack.enter_context(RemoteRegistry(credentials=credentials, sleep=self.slept.append, attempts=3))

    def repository(self, *kinds: str, **environment: str) -> RemoteRepository:
        registry = self.registry(self.credentials(*kinds, **environment))
        return registry.repository(Reference(self.azure.registry, self.name))

    def find(self, credentials: AzureCredentials) -> Credentials:
        found = credentials.find(Reference(self.azure.registry, self.name))
        assert found is not None
        return found


@pytest.fixture
def world(registry_host: str, tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack, registry_host, tmp_path)


@pytest.mark.parametrize("kind", ["workload", "secret", "machine"])
def test_an_image_is_pulled_and_pushed_with_each_identity(world: World, kind: str) -> None:
    repository = world.repository(kind)
    assert images.load(repository, "v1").digest == world.image.digest
    assert images.pack(repository, [tar_of({"b": b"2"})], tag="v2").digest == world.there.resolve("v2").digest


def test_workload_identity_shows_the_file_that_kubernetes_writes(world: World) -> None:
    world.repository("workload").resolve("v1")
    [form] = world.azure.asked_for("entra")
    assert form == {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "scope": f"{RESOURCE}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "assertion-1",
    }


def test_the_file_is_read_again_when_a_new_token_is_needed(world: World) -> None:
    credentials = world.credentials("workload")
    world.find(credentials)
    world.azure.file.write_text("assertion-2")
    world.time += 3 * 3600
    assert world.find(credentials).identity_token in world.azure.refresh
    assert [form["client_assertion"] for form in world.azure.asked_for("entra")] == ["assertion-1", "assertion-2"]


def test_a_client_secret_goes_before_workload_identity_and_that_before_the_machine(world: World) -> None:
    world.repository("workload", "secret", "machine").resolve("v1")
    assert world.azure.asked_for("entra")[0]["client_secret"] == SECRET
    world.repository("workload", "machine").resolve("v1")
    assert world.azure.asked_for("entra")[1]["client_assertion"] == "assertion-1"
    assert world.azure.asked_for("imds") == []


def test_a_machine_may_have_several_identities(world: World) -> None:
    world.repository("machine", AZURE_CLIENT_ID="one-of-them").resolve("v1")
    assert world.azure.asked_for("imds") == [
        {"api-version": "2018-02-01", "resource": RESOURCE, "client_id": "one-of-them"}
    ]


@pytest.mark.parametrize(("status", "at_least"), [(404, 0.8), (410, 70), (429, 0.8), (500, 0.8), (503, 0.8)])
def test_a_machines_service_is_asked_again(world: World, status: int, at_least: float) -> None:
    times = 4 if status == 410 else 1
    world.azure.imds_says = [Answer(status)] * times
    world.repository("machine").resolve("v1")
    assert len(world.azure.asked_for("imds")) == times + 1
    assert sum(world.slept) >= at_least


def test_a_machines_service_that_never_answers_well_is_unavailable(world: World) -> None:
    world.azure.imds_says = [Answer(500)] * 9
    with pytest.raises(Unavailable, match="again and again"):
        world.repository("machine").resolve("v1")
    assert len(world.azure.asked_for("imds")) == 5


def test_the_service_of_another_cloud_is_not_asked_again(world: World) -> None:
    host = world.stack.enter_context(serve(lambda _: Answer(404, {"Server": "EC2ws"})))
    with pytest.raises(Refused, match="not Azure's"):
        world.repository("machine", AZURE_POD_IDENTITY_AUTHORITY_HOST=f"http://{host}").resolve("v1")
    assert world.slept == []


def test_a_machines_service_is_never_asked_through_a_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    through: list[str] = []

    def proxy(request: Request) -> Answer:
        through.append(request.path)
        return Answer(502)

    monkeypatch.setenv("http_proxy", f"http://{world.stack.enter_context(serve(proxy))}")
    monkeypatch.setenv("no_proxy", "")
    # Loopback needs no proxy anyway; here it counts as far away, as the service's real address does.
    monkeypatch.setattr("pratique.registry.transport.is_loopback", lambda _: False)
    credentials = world.credentials("machine")
    with pytest.raises(Unavailable):
        world.find(credentials)
    assert len(world.azure.asked_for("imds")) == 1
    assert through
    assert all("/metadata/" not in path for path in through)


def test_tokens_are_kept_until_they_end_by_their_own_word(world: World) -> None:
    credentials = world.credentials("workload")
    first = world.find(credentials)
    world.time = 3 * 3600 * 0.89
    assert world.find(credentials) == first
    world.time = 3 * 3600 * 0.91
    assert world.find(credentials) != first
    assert len(world.azure.asked_for("exchange")) == 2


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_wrong_by_hours_does_no_harm(world: World, hours: int) -> None:
    world.azure.skew = hours * 3600
    repository = world.repository("workload")
    for _ in range(3):
        repository.resolve("v1")
    assert [len(world.azure.asked_for(what)) for what in ("entra", "exchange", "token")] == [1, 1, 1]


def test_one_entra_token_serves_many_threads(world: World) -> None:
    repository = world.repository("workload")
    threads = [threading.Thread(target=repository.resolve, args=("v1",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(world.azure.asked_for(what)) for what in ("entra", "exchange", "token")] == [1, 1, 1]


def test_a_refresh_token_that_the_registry_no_longer_takes_is_got_anew_once(world: World) -> None:
    credentials = world.credentials("workload")
    world.find(credentials)
    world.azure.refresh.clear()
    registry = world.registry(credentials)
    registry.repository(Reference(world.azure.registry, world.name)).resolve("v1")
    assert len(world.azure.asked_for("exchange")) == 2


def test_dockers_credentials_go_first(world: World) -> None:
    token = FixedCredentials(Credentials(*PASSWORD))
    registry = world.registry(FirstOf((token, world.credentials("workload"))))
    registry.repository(Reference(world.azure.registry, world.name)).resolve("v1")
    assert world.azure.asked_for("entra") == []


def test_a_repository_token_that_is_wrong_is_refused_without_showing_it(world: World) -> None:
    registry = world.registry(FixedCredentials(Credentials(PASSWORD[0], "not-the-password")))
    with pytest.raises(Refused, match="my-token") as caught:
        registry.repository(Reference(world.azure.registry, world.name)).resolve("v1")
    assert "not-the-password" not in str(caught.value)


def test_a_registry_open_to_all_is_read_where_nobody_knows_us(world: World) -> None:
    world.azure.anonymous = True
    assert world.repository().resolve("v1").digest == world.image.digest


def test_a_registry_open_to_all_is_read_even_if_it_does_not_take_our_identity(world: World) -> None:
    world.azure.anonymous, world.azure.welcome = True, False
    assert world.repository("workload").resolve("v1").digest == world.image.digest


def test_a_registry_that_does_not_take_our_identity_says_so(world: World) -> None:
    world.azure.welcome = False
    with pytest.raises(Refused, match="did not take Entra's token") as caught:
        world.repository("workload").resolve("v1")
    assert "AcrPull" in caught.value.hint


def test_where_nothing_says_who_we_are_the_error_says_what_to_do(world: World) -> None:
    with pytest.raises(Refused, match="az acr login"):
        world.repository().resolve("v1")


def test_a_machine_without_an_identity_is_told_so_and_asked_rarely(world: World) -> None:
    world.azure.imds_says = [answer(400, {"error": "invalid_request", "error_description": "Identity not found"})] * 2
    credentials = world.credentials("machine")
    assert "no managed identity (invalid_request: Identity not found)" in world.find(credentials).why
    assert world.find(credentials).why
    world.time += 301
    world.find(credentials)
    assert len(world.azure.asked_for("imds")) == 2


def test_less_access_than_asked_for_is_told(world: World) -> None:
    world.azure.actions = {"pull"}
    repository = world.repository("workload")
    assert images.load(repository, "v1").digest == world.image.digest
    with pytest.raises(Refused) as caught:
        images.pack(repository, [tar_of({"c": b"3"})], tag="v3")
    assert f"does not allow repository:{world.name}:pull,push (granted: pull)" in caught.value.hint


def test_a_role_for_other_repositories_is_told(world: World) -> None:
    world.azure.actions = set()
    with pytest.raises(Refused, match="granted: nothing"):
        world.repository("workload").resolve("v1")


def test_the_repositories_of_a_registry_are_listed(world: World) -> None:
    world.azure.catalog = True
    registry = world.registry(world.credentials("workload"))
    assert world.name in list(registry.repositories(world.azure.registry))


def test_who_may_not_list_the_repositories_is_told_so(world: World) -> None:
    registry = world.registry(world.credentials("workload"))
    with pytest.raises(Refused, match="not allowed to list"):
        list(registry.repositories(world.azure.registry))


def test_a_registry_without_a_list_of_repositories_is_told_from_one_that_forbids_it(world: World) -> None:
    host = world.stack.enter_context(serve(lambda _: Answer(404)))
    with pytest.raises(NotFound, match="does not list"):
        list(world.registry(FixedCredentials(None)).repositories(host))


@pytest.mark.parametrize("kinds", [("secret",), ("workload",)])
def test_what_entra_says_is_shown_without_the_secret_in_it(world: World, kinds: tuple[str, ...]) -> None:
    world.azure.file.write_text("assertion-wrong-one")
    environment = {"AZURE_CLIENT_SECRET": "a~wrong~secret"} if kinds == ("secret",) else {"AZURE_CLIENT_ID": "other"}
    with pytest.raises(Refused, match="AADSTS7000215") as caught:
        world.repository(*kinds, **environment).resolve("v1")
    assert "wrong" not in str(caught.value)


def test_no_token_is_in_any_error_or_representation(world: World) -> None:
    world.azure.welcome = False
    with pytest.raises(Refused) as caught:
        world.repository("workload").resolve("v1")
    world.azure.welcome = True
    shown = f"{caught.value!r} {caught.value} {world.find(world.credentials('workload'))!r}"
    assert not [secret for secret in world.azure.tokens | world.azure.refresh if secret in shown]


def test_over_plain_http_nobody_is_told_who_we_are(world: World) -> None:
    with closing(Transport()) as transport:
        credentials = AzureCredentials(transport, world.azure.environment("workload"), plain_http=True)
        found = credentials.find(Reference.parse("myregistry.azurecr.io/app"))
    assert found is not None
    assert "plain HTTP" in found.why
    assert world.azure.asked == []


def test_an_anonymous_push_is_told_both_reasons(world: World) -> None:
    world.azure.anonymous = True
    with pytest.raises(Refused, match=r"granted: pull.*not a machine of Azure's"):
        images.pack(world.repository(), [tar_of({"d": b"4"})], tag="v4")


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"AZURE_TENANT_ID": ""}, UsageError),
        ({"AZURE_FEDERATED_TOKEN_FILE": "/nowhere/token"}, UsageError),
        ({"AZURE_FEDERATED_TOKEN_FILE": os.devnull}, InvalidData),
        ({"AZURE_AUTHORITY_HOST": "http://login.example"}, UsageError),
        ({"AZURE_AUTHORITY_HOST": "http://127.0.0.1:1"}, Unavailable),
        ({"AZURE_AUTHORITY_HOST": "ftp://x"}, InvalidData),
    ],
)
def test_a_wrong_setting_is_named(world: World, environment: dict[str, str], kind: type[PratiqueError]) -> None:
    with pytest.raises(kind):
        world.find(world.credentials("workload", **environment))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": 5}', b"[" * 100_000, b"x" * 300_000]
)
def test_any_other_answer_of_entras_is_refused(world: World, body: bytes) -> None:
    host = world.stack.enter_context(serve(lambda _: Answer(200, {}, body)))
    with pytest.raises(InvalidData):
        world.find(world.credentials("workload", AZURE_AUTHORITY_HOST=f"http://{host}"))


def test_other_registries_cost_no_look_at_azure(world: World) -> None:
    assert world.credentials("workload").find(Reference.parse("registry.example/app")) is None
    assert world.credentials("workload").find(Reference.parse("myregistry.azurecr.io.example/app")) is None
    assert world.azure.asked == []


def test_a_registry_needs_nothing_but_the_environment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", "/nowhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    for name, value in world.azure.environment("workload").items():
        monkeypatch.setenv(name, value)
    with RemoteRegistry() as registry:
        found = registry.repository(Reference(world.azure.registry, world.name)).resolve("v1")
    assert found.digest == world.image.digest


def test_entra_is_imported_only_where_it_is_asked() -> None:
    script = "import sys, json, pratique.registry.remote; print(json.dumps([n for n in sys.modules if 'azure' in n]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert not {"pratique.registry.azure.entra", "pratique.registry.azure.imds"} & set(json.loads(done.stdout))
