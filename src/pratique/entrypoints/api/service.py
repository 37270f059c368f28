"""`pratique serve`: the loop, its HTTP hooks and the admission webhook in one process, until SIGTERM."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pratique.admit import certificates, register
from pratique.admit.policy import AdmissionPolicy
from pratique.admit.review import AdmissionRequest
from pratique.admit.server import Decider, serve_until
from pratique.admit.server import application as admission
from pratique.entrypoints.api.application import application as hooks_application
from pratique.entrypoints.api.listening import listen
from pratique.loop.make import define
from pratique.loop.polling import Schedule
from pratique.loop.requests import Push
from pratique.loop.watcher import Watcher
from pratique.model.decision import Decision
from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.remediate.definition import BuildDefinition
from pratique.store.events import Event
from pratique.wiring.loops import Loop, Settings, open_loop


class Address(msgspec.Struct, frozen=True):
    """Where to listen."""

    host: str
    port: int


class Hooks(msgspec.Struct, frozen=True):
    """The HTTP side: where it listens, whose notifications it takes (`host[:port]` of registries), and its token."""

    address: Address
    registries: tuple[str, ...]
    token: str = ""


class Polling(msgspec.Struct, frozen=True):
    """Tags to watch by asking, besides every base in a registry that tells us nothing; `interval` is in seconds."""

    references: tuple[Reference, ...] = ()
    interval: float = 300.0
    per_minute: float = 60.0


class Webhook(msgspec.Struct, frozen=True):
    """How the admission webhook is made known to the cluster: by URL, or through a Service."""

    name: str
    url: str = ""
    service: register.Service | None = None
    only_labelled: Mapping[str, str] = {}
    exempt: tuple[str, ...] = ("kube-system",)
    probe_namespace: str = "default"


class Gate(msgspec.Struct, frozen=True):
    """The admission side. Without a certificate of its own it makes one, under `state/tls`."""

    address: Address
    policy: AdmissionPolicy
    certificate: Path | None = None
    key: Path | None = None
    webhook: Webhook | None = None


def serve(
    settings: Settings,
    hooks: Hooks,
    gate: Gate | None,
    definitions: Mapping[Reference, BuildDefinition] | None = None,
    polling: Polling | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. Raises PratiqueError when something cannot be opened, bound or registered.

    Journeys that are under way stop before their next step, and go on at the next start. A step that takes long (a
    build, a rollout) is not waited for: the process is left then, and the step is done again.
    """
    with contextlib.ExitStack() as stack:
        hooks_socket = stack.enter_context(listen(hooks.address.host, hooks.address.port))
        gate_socket = stack.enter_context(listen(gate.address.host, gate.address.port)) if gate else None
        if gate:
            _check_certificate(gate)
        loop = stack.enter_context(open_loop(settings))
        for reference, definition in (definitions or {}).items():
            define(loop.parts, reference, definition)
        with _watching(loop, polling or Polling(), hooks.registries):
            asyncio.run(_serve(loop, settings, hooks, gate, (hooks_socket, gate_socket)))
    if loop.flow.busy:
        sys.stderr.flush()
        os._exit(0)


@contextlib.contextmanager
def _watching(loop: Loop, polling: Polling, told_by: Collection[str]) -> Iterator[None]:
    """Poll, in a thread, until the end."""

    def tracked() -> list[Reference]:
        bases = loop.parts.store.lineage.bases()
        return [*polling.references, *(base for base in bases if base.registry not in told_by)]

    def start(key: str, push: Push) -> None:
        loop.flow.start("pushed", key, push)

    schedule = Schedule(random.random, interval=polling.interval, per_minute=polling.per_minute)
    watcher, stop = Watcher(loop.parts.registry, schedule, tracked, start), threading.Event()
    thread = threading.Thread(target=watcher.run, args=(stop,), name="watcher", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


async def _serve(
    loop: Loop, settings: Settings, hooks: Hooks, gate: Gate | None, sockets: tuple[socket.socket, socket.socket | None]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [_spawn(_serve_hooks(loop, hooks, stop, sockets[0]), stop)]
    if gate:
        files = _certificate(gate, settings.state)
        running.append(_spawn(_serve_gate(loop, gate, files, stop, sockets[1]), stop))
        if gate.webhook:
            await asyncio.to_thread(_register, loop, gate.webhook, files[0])
    sys.stderr.write(f"pratique: serving, hooks on {_shown(hooks.address)}{_gate_shown(gate)}\n")
    await stop.wait()
    for result in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result


def _spawn(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> "asyncio.Task[None]":
    """Run one server; when it ends, for whatever reason, all end."""
    task = asyncio.create_task(work)
    task.add_done_callback(lambda _: stop.set())
    return task


async def _serve_hooks(loop: Loop, hooks: Hooks, stop: asyncio.Event, listener: socket.socket) -> None:
    import uvicorn

    def start(key: str, push: msgspec.Struct) -> None:
        loop.flow.start("pushed", key, push)

    app = hooks_application(start, loop.parts.store.events.all, registries=hooks.registries, token=hooks.token)
    config = uvicorn.Config(
        app, hooks.address.host, hooks.address.port, log_level="warning", access_log=False, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watcher = asyncio.create_task(watch())
    try:
        await server.serve([listener])
    finally:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


async def _serve_gate(
    loop: Loop, gate: Gate, files: tuple[Path, Path, Path], stop: asyncio.Event, listener: socket.socket | None
) -> None:
    decider = Decider(gate.policy, loop.facts, observe=_observer(loop, asyncio.get_running_loop()))
    await serve_until(stop, admission(decider), gate.address.host, gate.address.port, files[1], files[2], listener)


def _observer(loop: Loop, running: asyncio.AbstractEventLoop) -> Callable[[AdmissionRequest, Decision], None]:
    """Note every decision that could matter, off the hot path."""

    def note(request: AdmissionRequest, decision: Decision) -> None:
        kind = "admitted" if decision.allowed else "refused"
        subject = f"{request.namespace}/{request.kind.kind}/{request.name or '(generated name)'}"
        reasons = "; ".join(f"{reason.image}: {reason.message}" for reason in decision.reasons)
        event = Event(loop.parts.moment(), f"admission/{request.uid}", kind, subject, reasons or "every image may run")
        running.run_in_executor(None, loop.parts.store.events.add, event)

    return note


def _certificate(gate: Gate, state: Path) -> tuple[Path, Path, Path]:
    """CA, certificate and key files; made anew at each start where none are given."""
    if gate.certificate and gate.key:
        return gate.certificate, gate.certificate, gate.key
    folder = state / "tls"
    names = {gate.address.host, "localhost"} - {"0.0.0.0", "::"}  # noqa: S104 - no name to certify
    service = gate.webhook.service if gate.webhook else None
    if service:
        names.add(f"{service.name}.{service.namespace}.svc")
    certificates.write(folder, certificates.issue(sorted(names), datetime.now(UTC)))
    return folder / "ca.crt", folder / "tls.crt", folder / "tls.key"


def _check_certificate(gate: Gate) -> None:
    if gate.certificate and gate.key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(gate.certificate, gate.key, password="")
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            why = getattr(error, "strerror", None) or str(error)
            raise UsageError(
                f"cannot use the certificate {gate.certificate} with the key {gate.key} ({why})",
                "give PEM files that belong together",
            ) from None


def _register(loop: Loop, webhook: Webhook, ca: Path) -> None:
    from pratique.rollout.cluster import Cluster

    if not isinstance(loop.parts.cluster, Cluster):
        raise UsageError("there is no cluster to register the webhook in", "name one with --kubeconfig or --in-cluster")
    mutating, validating = register.configurations(
        webhook.name,
        ca_pem=ca.read_bytes(),
        url=webhook.url,
        service=webhook.service,
        exempt=webhook.exempt,
        only_labelled=webhook.only_labelled,
    )
    api = loop.parts.cluster.api
    problem = register.change_problem(api.get("version"))
    if problem:
        sys.stderr.write(f"pratique: warning: tags are not pinned, only checked: {problem}\n")
    register.register(api, None if problem else mutating, validating, probe_namespace=webhook.probe_namespace)


def _shown(address: Address) -> str:
    return f"{address.host}:{address.port}"


def _gate_shown(gate: Gate | None) -> str:
    return f", admission on {_shown(gate.address)}" if gate else ""
