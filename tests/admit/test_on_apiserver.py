"""The gate on a real, current API server: registered, asked, obeyed; images and signatures in a real registry.

There is no kubelet and no controller: what is admitted is stored, and read back.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pratique.admit.register import change_problem, configurations, register, unregister
from pratique.attest import keys
from pratique.attest.sign import sign_image
from pratique.model.errors import NotFound, Refused, Unavailable
from pratique.model.reference import Reference
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from pratique.rollout.api import Api
from tests.admit.gate import DEPLOYMENT, KINDS, POD, Kind, gate, image_in, new_certificate, presents, workload
from tests.support.apiserver import api_server
from tests.support.machine import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("apiserver")]

SIGNED_IS_ENOUGH = "verdict: optional\n"
EXEMPT = "not-ours"
EXEMPT_BY_POLICY = "not-ours-by-policy"
UNSIGNED = "it is not signed by a key we trust"
MUTATING = "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
by_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)


def eventually(holds: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether it holds within this time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class World(NamedTuple):
    """The API server, keys, and images: by tag, with the digest that the tag has."""

    api: Api
    folder: Path
    key: Path
    strangers_key: Path
    signed: str
    pinned: str
    newer: str
    unsigned: str

    def namespace(self, gate: str, name: str = "") -> str:
        """A new namespace whose images are that gate's concern."""
        name = name or f"shop-{secrets.token_hex(4)}"
        self.api.create("api/v1/namespaces", {"metadata": {"name": name, "labels": {"gate": gate}}})
        return name


class Gate:
    """A running gate with its registration; everything in namespaces with its label is its concern."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.name = f"gate-{secrets.token_hex(4)}"
        self.tls = world.folder / self.name
        self.ca = new_certificate(self.tls)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.namespace = world.namespace(self.name)
        self._running = ExitStack()

    def start(self, key: Path, policy: str = SIGNED_IS_ENOUGH) -> None:
        self._running.enter_context(gate(self.tls, self.port, key, policy))

    def stop(self) -> None:
        self._running.close()

    def configurations(self, ca: bytes | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        only, exempt = {"gate": self.name}, ("kube-system", EXEMPT)
        return configurations(self.name, ca_pem=ca or self.ca, url=self.url, exempt=exempt, only_labelled=only)

    def register(self, ca: bytes | None = None) -> None:
        """Register, and wait for both webhooks: the API server learns of each by a watch of its own."""
        assert register(self.world.api, *self.configurations(ca), probe_namespace=self.namespace)
        assert eventually(lambda: self.dry_run(self.world.signed) == self.world.pinned)

    def dry_run(self, image: str) -> str:
        """The image that a Pod would be stored with."""
        return image_in(POD, self.world.api.create(POD.path(self.namespace), workload(POD, image), dry_run=True))

    def end(self) -> None:
        unregister(self.world.api, self.name)
        self.stop()

    def create(self, kind: Kind, image: str, name: str = "app", **spec: Any) -> str:
        """The image that is stored when this one is asked for."""
        self.world.api.create(kind.path(self.namespace), workload(kind, image, name, **spec))
        return self.stored(kind, name)

    def stored(self, kind: Kind, name: str = "app") -> str:
        return image_in(kind, self.world.api.get(kind.path(self.namespace, name)))


@pytest.fixture(scope="module")
def world(registry_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("apiserver")
    with api_server(folder / "server") as kubeconfig:
        pair, stranger = keys.generate(b""), keys.generate(b"")
        (folder / "k.pub").write_bytes(pair.public_pem)
        (folder / "stranger.pub").write_bytes(stranger.public_pem)
        signer = keys.load_private(pair.private_pem)
        name = f"{registry_host}/gate/{secrets.token_hex(8)}"
        with RemoteRegistry() as registry:
            reference = Reference.parse(f"{name}:signed")
            repository = registry.repository(reference)
            first, second = pack(repository, [b""], tag="signed").digest, pack(repository, [b"", b"2"], tag="2").digest
            pack(repository, [b"", b"3"], tag="unsigned")
            for digest in (first, second):
                sign_image(repository, digest, signer, reference)
        api = Api.connect(kubeconfig)
        try:
            yield World(
                api,
                folder,
                folder / "k.pub",
                folder / "stranger.pub",
                f"{name}:signed",
                f"{name}:signed@{first}",
                f"{name}:2@{second}",
                f"{name}:unsigned",
            )
        finally:
            api.close()


@pytest.fixture(scope="module")
def main(world: World) -> Iterator[Gate]:
    """A gate that enforces, as most do."""
    here = Gate(world)
    try:
        here.start(world.key, SIGNED_IS_ENOUGH + f"exempt_namespaces: [{EXEMPT_BY_POLICY}]\n")
        here.register()
        yield here
    finally:
        here.end()


@pytest.fixture
def shop(main: Gate, world: World) -> Gate:
    """The gate, in a new namespace."""
    main.namespace = world.namespace(main.name)
    return main


@pytest.fixture
def another(world: World) -> Iterator[Gate]:
    """A gate of the test's own, not started."""
    here = Gate(world)
    try:
        yield here
    finally:
        here.end()


def test_nothing_speaks_against_changing_objects_here(world: World) -> None:
    assert change_problem(world.api.get("version")) == ""


@by_kind
def test_an_unsigned_image_is_refused_in_our_words_and_nothing_is_stored(shop: Gate, world: World, kind: Kind) -> None:
    with pytest.raises(Refused) as refused:
        shop.create(kind, world.unsigned)
    assert f"image {world.unsigned}: {UNSIGNED}" in refused.value.what
    assert "pratique sign" in refused.value.what
    with pytest.raises(NotFound):
        shop.stored(kind)


@by_kind
def test_a_signed_image_is_admitted_and_stored_with_the_digest_of_its_tag(shop: Gate, world: World, kind: Kind) -> None:
    assert shop.create(kind, world.signed) == world.pinned


def test_a_digest_that_is_named_already_stays_as_it_is(shop: Gate, world: World) -> None:
    name, digest = world.signed.removesuffix(":signed"), world.pinned.partition("@")[2]
    assert shop.create(POD, f"{name}@{digest}") == f"{name}@{digest}"


def test_every_container_counts_also_one_that_only_initializes(shop: Gate, world: World) -> None:
    with pytest.raises(Refused, match=UNSIGNED):
        shop.create(POD, world.signed, initContainers=[{"name": "setup", "image": world.unsigned}])
    shop.create(POD, world.signed, initContainers=[{"name": "setup", "image": world.newer.partition("@")[0]}])
    stored = world.api.get(POD.path(shop.namespace, "app"))
    assert stored["spec"]["initContainers"][0]["image"] == world.newer


def test_an_image_mounted_as_a_volume_counts(shop: Gate, world: World) -> None:
    with pytest.raises(Refused, match=UNSIGNED):
        shop.create(POD, world.signed, volumes=[{"name": "data", "image": {"reference": world.unsigned}}])
    shop.create(POD, world.signed, volumes=[{"name": "data", "image": {"reference": world.signed}}])
    volume = world.api.get(POD.path(shop.namespace, "app"))["spec"]["volumes"][0]
    assert volume["image"]["reference"] == world.pinned


def test_a_debug_container_must_be_signed_too(shop: Gate, world: World) -> None:
    shop.create(POD, world.signed)
    path = POD.path(shop.namespace, "app")
    debug = f"{path}/ephemeralcontainers"
    with pytest.raises(Refused, match=UNSIGNED):
        world.api.patch(debug, {"spec": {"ephemeralContainers": [{"name": "debug", "image": world.unsigned}]}})
    assert "ephemeralContainers" not in world.api.get(path)["spec"]
    world.api.patch(debug, {"spec": {"ephemeralContainers": [{"name": "debug", "image": world.signed}]}})
    assert world.api.get(path)["spec"]["ephemeralContainers"][0]["image"] == world.pinned


def test_a_running_pods_image_can_not_be_exchanged_for_an_unsigned_one(shop: Gate, world: World) -> None:
    shop.create(POD, world.signed)
    change = {"spec": {"containers": [{"name": "app", "image": world.unsigned}]}}
    with pytest.raises(Refused, match=UNSIGNED):
        world.api.patch(POD.path(shop.namespace, "app"), change)
    assert shop.stored(POD) == world.pinned


def test_an_update_brings_in_signed_images_only_and_pins_them(shop: Gate, world: World) -> None:
    shop.create(DEPLOYMENT, world.signed)
    path = DEPLOYMENT.path(shop.namespace, "app")
    with pytest.raises(Refused, match=UNSIGNED):
        world.api.replace(path, workload(DEPLOYMENT, world.unsigned))
    assert shop.stored(DEPLOYMENT) == world.pinned
    world.api.replace(path, workload(DEPLOYMENT, world.newer.partition("@")[0]))
    assert shop.stored(DEPLOYMENT) == world.newer


def test_applying_the_same_manifest_again_rolls_nothing_out(shop: Gate, world: World) -> None:
    shop.create(DEPLOYMENT, world.signed)
    path = DEPLOYMENT.path(shop.namespace, "app")
    before = world.api.get(path)["metadata"]
    after = world.api.replace(path, workload(DEPLOYMENT, world.signed))["metadata"]
    assert (after["generation"], after["resourceVersion"]) == (before["generation"], before["resourceVersion"])


def test_a_dry_run_gets_the_same_answers_and_stores_nothing(shop: Gate, world: World) -> None:
    path = DEPLOYMENT.path(shop.namespace)
    answer = world.api.create(path, workload(DEPLOYMENT, world.signed), dry_run=True)
    assert image_in(DEPLOYMENT, answer) == world.pinned
    with pytest.raises(Refused, match=UNSIGNED):
        world.api.create(path, workload(DEPLOYMENT, world.unsigned), dry_run=True)
    with pytest.raises(NotFound):
        shop.stored(DEPLOYMENT)


@pytest.mark.parametrize("name", [EXEMPT, EXEMPT_BY_POLICY])
def test_an_exempt_namespace_is_left_in_peace(main: Gate, world: World, name: str) -> None:
    world.namespace(main.name, name)
    world.api.create(POD.path(name), workload(POD, world.unsigned))
    world.api.create(POD.path(name), workload(POD, world.signed, "other"))
    stored = [image_in(POD, world.api.get(POD.path(name, pod))) for pod in ("app", "other")]
    assert stored == [world.unsigned, world.signed]


def test_the_servers_audit_log_has_our_patch(shop: Gate, world: World) -> None:
    shop.create(POD, world.signed)
    log, webhook = world.folder / "server" / "audit.log", shop.configurations()[0]["webhooks"][0]["name"]

    def patches() -> list[str]:
        events = [json.loads(line) for line in log.read_text().splitlines() if shop.namespace in line]
        return [value for event in events for key, value in event["annotations"].items() if "patch.webhook" in key]

    assert eventually(lambda: bool(patches()))
    (patch,) = patches()
    assert world.pinned in patch
    assert webhook in patch


def test_what_runs_may_be_changed_after_its_trust_is_gone_but_nothing_new_may_start(
    another: Gate, world: World
) -> None:
    another.start(world.key)
    another.register()
    another.create(DEPLOYMENT, world.signed)
    path = DEPLOYMENT.path(another.namespace, "app")
    another.stop()
    another.start(world.strangers_key)
    world.api.patch(path, {"spec": {"replicas": 3}, "metadata": {"annotations": {"note": "scaled"}}})
    assert world.api.get(path)["spec"]["replicas"] == 3
    assert another.stored(DEPLOYMENT) == world.pinned
    with pytest.raises(Refused, match=UNSIGNED):
        another.create(POD, world.signed)
    with pytest.raises(Refused, match=UNSIGNED):
        another.create(POD, world.pinned)
    world.api.delete(path)


def test_while_the_gate_is_away_nothing_starts_but_scaling_deleting_and_exempt_namespaces_go_on(
    another: Gate, world: World
) -> None:
    another.start(world.key)
    another.register()
    another.create(DEPLOYMENT, world.signed)
    another.stop()
    path = DEPLOYMENT.path(another.namespace, "app")
    with pytest.raises(Unavailable, match="failed calling webhook"):
        another.create(POD, world.signed)
    with pytest.raises(Unavailable, match="failed calling webhook"):
        world.api.replace(path, workload(DEPLOYMENT, world.newer))
    world.api.patch(f"{path}/scale", {"spec": {"replicas": 5}})
    assert world.api.get(path)["spec"]["replicas"] == 5
    world.api.delete(path)
    world.api.patch("api/v1/namespaces/kube-system", {"metadata": {"labels": {"gate": another.name}}})
    world.api.create(POD.path("kube-system"), workload(POD, world.unsigned, another.name))


def test_a_new_certificate_is_taken_up_while_the_gate_runs(another: Gate, world: World) -> None:
    old = another.ca
    another.start(world.key)
    another.register()
    new = new_certificate(another.tls)
    another.register(old + new)  # as one replaces a CA: both are trusted for a while

    def is_taken_up() -> bool:
        assert another.dry_run(world.signed) == world.pinned  # nobody notices meanwhile
        return presents(another.url, new)

    assert eventually(is_taken_up)
    another.register(new)
    assert another.create(POD, world.signed) == world.pinned

    def is_refused_by_the_old_ca() -> bool:
        try:
            register(world.api, *another.configurations(old), probe_namespace=another.namespace, wait=0)
        except Unavailable as error:
            return "certificate" in error.what
        return False  # the API server has yet to learn of it

    assert eventually(is_refused_by_the_old_ca)


def test_in_mode_warn_the_developer_is_told_and_the_pod_is_stored(another: Gate, world: World) -> None:
    another.start(world.key, SIGNED_IS_ENOUGH + "mode: warn\n")
    another.register()
    world.api.create(POD.path(another.namespace), workload(POD, world.unsigned))
    assert any(UNSIGNED in warning for warning in world.api.warnings)
    assert another.stored(POD).startswith(f"{world.unsigned}@sha256:")


def test_without_the_mutating_webhook_images_are_checked_but_not_pinned(another: Gate, world: World) -> None:
    another.start(world.key)
    another.register()
    _, validating = another.configurations()
    assert register(world.api, None, validating, probe_namespace=another.namespace)
    with pytest.raises(NotFound):
        world.api.get(f"{MUTATING}/{another.name}")
    assert eventually(lambda: another.dry_run(world.signed) == world.signed)
    assert another.create(POD, world.signed) == world.signed
    with pytest.raises(Refused, match=UNSIGNED):
        another.create(POD, world.unsigned, "other")
