"""The loop with its real parts: what `pratique serve` and the demos run."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.admit.facts import FactsFinder
from pratique.attest.keys import Signer, Verifier, load_private, load_public
from pratique.attest.verify import Proofs
from pratique.loop.flow import Flow
from pratique.loop.journeys import journeys
from pratique.loop.parts import Parts
from pratique.loop.steps import Observer
from pratique.model.errors import NotFound
from pratique.registry.repository import Registry
from pratique.store.lock import hold
from pratique.store.store import Store
from pratique.wiring import scans

if TYPE_CHECKING:
    from pratique.remediate.builder import Builder
    from pratique.rollout.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation of the loop is made of. What is None is a stage that it does without.

    `state` holds the store, the engine's database and build output. `layouts` is a folder of OCI layouts to work on
    instead of registries. `kubeconfig` names a cluster (`""`: KUBECONFIG or the pod's own). `deadline` is in seconds.
    """

    state: Path
    advisories: Path
    policy: Path | None = None
    key: Path | None = None
    verification_keys: tuple[Path, ...] = ()
    layouts: Path | None = None
    plain_http: bool = False
    kubeconfig: str | None = None
    build: bool = False
    vouch_for: tuple[str, ...] = ()
    deadline: float = 300.0


@dataclass(frozen=True, kw_only=True)
class Loop:
    """The loop, running: its parts, the engine that carries its journeys, and where admission finds its facts."""

    parts: Parts
    flow: Flow
    facts: FactsFinder
    verifiers: tuple[Verifier, ...] = ()


@contextmanager
def open_loop(settings: Settings, observer: Observer | None = None) -> Iterator[Loop]:
    """Open everything, take up unfinished journeys, close everything. Raises what the parts raise.

    One process at a time works in a state folder: another would take up the journeys that this one is walking.
    """
    with ExitStack() as stack:
        stack.enter_context(hold(settings.state))
        parts = _parts(settings, stack)
        verifiers = _verifiers(settings, parts.signer)
        facts = stack.enter_context(FactsFinder(parts.registry, Proofs(verifiers)))
        parts = replace(parts, announce=facts.renew)
        flow = Flow(settings.state / "flow.db", journeys(parts), observer=observer)
        stack.callback(flow.close)
        yield Loop(parts=parts, flow=flow, facts=facts, verifiers=verifiers)


def password() -> bytes:
    """The password of private keys, from the environment as cosign has it."""
    return os.environ.get("PRATIQUE_KEY_PASSWORD", os.environ.get("COSIGN_PASSWORD", "")).encode()


def _parts(settings: Settings, stack: ExitStack) -> Parts:
    advisories = stack.enter_context(scans.open_advisories(settings.advisories))
    policy = scans.read_policy(str(settings.policy) if settings.policy else None)
    return Parts(
        registry=_registry(settings, stack),
        store=stack.enter_context(Store(settings.state / "store.db")),
        advisories=advisories,
        policy=policy,
        now=lambda: datetime.now(UTC),
        signer=load_private(_read(settings.key), password()) if settings.key else None,
        builder=_builder(settings) if settings.build else None,
        cluster=_cluster(settings, stack) if settings.kubeconfig is not None else None,
        vouch_for=settings.vouch_for,
        deadline=settings.deadline,
    )


def _registry(settings: Settings, stack: ExitStack) -> Registry:
    if settings.layouts:
        from pratique.registry.layout import LayoutRegistry

        return LayoutRegistry(settings.layouts)
    from pratique.registry.remote import RemoteRegistry

    return stack.enter_context(RemoteRegistry(plain_http=True if settings.plain_http else None))


def _builder(settings: Settings) -> "Builder":
    from pratique.remediate.build_buildah import Buildah
    from pratique.remediate.tasks.builder import TaskBuilder

    buildah = Buildah(settings.state / "buildah", layouts=settings.layouts)
    return TaskBuilder(buildah, settings.state / "tasks", lambda: datetime.now(UTC))


def _cluster(settings: Settings, stack: ExitStack) -> "Cluster":
    from pratique.rollout.cluster import Cluster

    kubeconfig = Path(settings.kubeconfig) if settings.kubeconfig else None
    cluster = stack.enter_context(Cluster.connect(kubeconfig))
    cluster.api.get("version")  # an address that leads nowhere is told now, not at the first rollout
    return cluster


def _verifiers(settings: Settings, signer: Signer | None) -> tuple[Verifier, ...]:
    given = tuple(load_public(_read(path)) for path in settings.verification_keys)
    return (*given, signer.public) if signer else given


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read the key {path} ({error.strerror})", "make one with pratique sign --help") from None
