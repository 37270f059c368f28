"""The loop with nothing simulated: a real registry, Debian, buildah and Kubernetes, healed by `pratique serve`.

Between the push of the new base and the end nobody does anything: this only watches, and proves what it shows.
"""

import io
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

from pratique.admit.register import change_problem, unregister
from pratique.attest.keys import generate
from pratique.entrypoints.demo import content, debian, kube, machine
from pratique.entrypoints.demo.local import clear
from pratique.entrypoints.demo.machine import need
from pratique.entrypoints.demo.timeline import Timeline
from pratique.entrypoints.demo.watch import Watch
from pratique.model.digest import Digest, short
from pratique.model.reference import Reference
from pratique.model.workload import Stage, Workload
from pratique.registry.pack import pack
from pratique.registry.remote import RemoteRegistry
from pratique.remediate.build_buildah import Buildah
from pratique.remediate.definition import BuildDefinition
from pratique.rollout.cluster import Cluster
from pratique.wiring import scans

WEBHOOK = "pratique-demo"
_LABEL = "pratique.dev/demo"
_PATIENCE = 300.0  # seconds, for a journey
_GRACE = 60.0  # seconds, for old pods to end


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where the story plays: names, ports, parts."""

    out: Path
    host: str
    hooks: int
    admission: int
    token: str
    namespace: str
    registry: RemoteRegistry
    cluster: Cluster
    kubeconfig: Path
    timeline: Timeline
    watch: Watch

    @property
    def base(self) -> Reference:
        """The base image."""
        return Reference.parse(f"{self.host}/base/debian:12")

    @property
    def app(self) -> Reference:
        """The application built on it."""
        return Reference.parse(f"{self.host}/shop/web:1")

    @property
    def stranger(self) -> Reference:
        """An image that nobody vouches for."""
        return Reference.parse(f"{self.host}/stranger/tool:1")

    @property
    def workload(self) -> Workload:
        """The application's Deployment."""
        return self.cluster.workload(self.namespace, "Deployment", "web")


def run(out: Path, timeline: Timeline, *, keep: bool = False) -> None:
    """Tell the story. Raises PratiqueError when a part is missing, or did not go as it must."""
    machine.check()
    debian.sources()
    clear(out)
    timeline.console.print("[bold]Pratique[/]: from a pushed base image to a patched pod, on a real cluster")
    with ExitStack() as stack:
        scene, old, new = _set_up(stack, out.resolve(), timeline, keep)
        base = _publish_base(scene, old)
        definition = _build_app(scene, base)
        _refuse(scene)
        before = _deploy(scene)
        pushed = _push_again(scene, new)
        after = _watch_over(scene)
        _prove(scene, before, after)
        _clock(scene, pushed, definition)


def _set_up(stack: ExitStack, out: Path, timeline: Timeline, keep: bool) -> tuple[Scene, Path, Path]:
    timeline.chapter("Real parts: Kubernetes, docker-registry, Debian with and without its security suite")
    with timeline.timed("cluster") as note:
        kubeconfig = machine.kubeconfig()
        cluster = stack.enter_context(Cluster.connect(kubeconfig))
        note.detail = f"Kubernetes {cluster.api.get('version')['gitVersion']} at {cluster.api.server}"
    with timeline.timed("mmdebstrap") as note, ThreadPoolExecutor(2) as pool:
        old = pool.submit(debian.bootstrap, out, "debian-release", security=False)
        new = pool.submit(debian.bootstrap, out, "debian-security", security=True)
        tars = old.result(), new.result()
        note.detail = f"two root file systems of Debian {debian.RELEASE}, {tars[0].stat().st_size >> 20} MiB each"
    port, hooks, admission = machine.free_ports(3)
    token, namespace = secrets.token_hex(16), f"pratique-demo-{secrets.token_hex(3)}"
    host = stack.enter_context(machine.registry(out / "registry", port, hooks, token))
    timeline.step("registry", f"docker-registry at {host}, which tells our hooks of every push")
    registry = stack.enter_context(RemoteRegistry())
    watch = Watch(f"http://127.0.0.1:{hooks}/api/events")
    scene = Scene(
        out=out,
        host=host,
        hooks=hooks,
        admission=admission,
        token=token,
        namespace=namespace,
        registry=registry,
        cluster=cluster,
        kubeconfig=kubeconfig,
        timeline=timeline,
        watch=watch,
    )
    stack.enter_context(kube.namespace(cluster.api, namespace, {_LABEL: namespace}, keep=keep))
    stack.callback(unregister, cluster.api, WEBHOOK)
    with timeline.timed("serve") as note:
        stack.enter_context(machine.serve(_arguments(scene), hooks, out / "serve.log"))
        note.detail = f"pratique serve: hooks, loop, and the admission webhook, registered for namespace {namespace}"
    return scene, *tars


def _arguments(scene: Scene) -> list[str]:
    out, advisories = scene.out, scene.out / "advisories.db"
    with as_file(files("pratique.entrypoints.demo").joinpath("advisories")) as folder:
        scans.build_advisories(advisories, [str(folder)], datetime.now(UTC))
    pair = generate(b"")
    (out / "cosign.key").write_bytes(pair.private_pem)
    (out / "cosign.key").chmod(0o600)
    (out / "cosign.pub").write_bytes(pair.public_pem)
    (out / "hook-token").write_text(scene.token)
    (out / "hook-token").chmod(0o600)
    app = out / "app"
    app.mkdir()
    for name in ("Dockerfile", "app.pl"):
        text = files("pratique.entrypoints.demo").joinpath("content", "app", name).read_text()
        (app / name).write_text(text.replace("@BASE@", str(scene.base)))
    listen = f"127.0.0.1:{scene.admission}"
    return [
        *("--state", str(out / "state"), "--db", str(advisories), "--key", str(out / "cosign.key")),
        *("--registry", scene.host, "--hooks", f"127.0.0.1:{scene.hooks}", "--hook-token", str(out / "hook-token")),
        *("--vouch-for", f"{scene.host}/base", "--vouch-for", f"{scene.host}/shop", "--build", f"{scene.app}={app}"),
        *("--kubeconfig", str(scene.kubeconfig), "--admission", listen, "--webhook-url", f"https://{listen}"),
        *("--register", WEBHOOK, "--only-namespaces", f"{_LABEL}={scene.namespace}"),
        *("--probe-namespace", scene.namespace),
    ]


def _publish_base(scene: Scene, tar: Path) -> Digest:
    scene.timeline.chapter("The base is pushed, from the release suite alone")
    with scene.timeline.timed("push") as note:
        image = debian.publish(scene.registry.repository(scene.base), tar, "12")
        note.detail = f"{scene.base} → {short(image.digest)}"
    judged = scene.watch.until(lambda e: e.kind == "judged" and e.subject == str(scene.base), "the base to be judged")
    scene.timeline.step("judged", judged.message)
    return image.digest


def _build_app(scene: Scene, base: Digest) -> BuildDefinition:
    scene.timeline.chapter("An application is built on it by buildah, and pushed")
    definition = BuildDefinition(scene.out / "app" / "Dockerfile", scene.out / "app")
    with scene.timeline.timed("buildah") as note:
        built = Buildah(scene.out / "buildah").build(definition, scene.app, {scene.base: base})
        note.detail = f"{scene.app} → {short(built.digest)}"
    signed = scene.watch.until(
        lambda e: e.kind == "signed" and e.subject == str(scene.app), "the application's signature"
    )
    judged = scene.watch.last(lambda e: e.kind == "judged" and e.subject == str(scene.app))
    scene.timeline.step("judged", judged.message if judged else "")
    scene.timeline.step("signed", signed.message)
    return definition


def _refuse(scene: Scene) -> None:
    scene.timeline.chapter("A Pod of an image that nobody signed asks to run")
    layer = content.layer({"tool": b"#!/bin/sh\n"})
    pack(scene.registry.repository(scene.stranger), [layer], config={"Cmd": ["/tool"]}, tag="1")
    with scene.timeline.timed("kube-apiserver") as note:
        answer = kube.refusal(scene.cluster.api, scene.namespace, str(scene.stranger))
        note.detail, note.good = answer or "let in", bool(answer)
    need(answer, "an unsigned Pod was let in")


def _deploy(scene: Scene) -> tuple[Digest, ...]:
    problem = change_problem(scene.cluster.api.get("version"))
    scene.timeline.chapter(f"The application is deployed, by its {'digest' if problem else 'tag'}")
    if problem:
        scene.timeline.say(f"no webhook may change anything in this cluster: {problem}")
    digest = scene.registry.repository(scene.app).resolve("1").digest
    kube.deploy(scene.cluster.api, scene.namespace, "web", f"{scene.app}@{digest}" if problem else str(scene.app))
    with scene.timeline.timed("rollout") as note:
        state = scene.cluster.watch(scene.workload, deadline=_PATIENCE)
        note.detail, note.good = f"{state.stage.value} {state.message}".strip(), state.stage is Stage.COMPLETE
    need(state.stage is Stage.COMPLETE, f"the application did not start: {state.message}")
    pinned = kube.template_image(scene.cluster.api, scene.namespace, "web")
    scene.timeline.step("pinned", f"{scene.app} at {pinned.partition('@')[2][:19]}…", good=pinned.endswith(digest))
    need(pinned.endswith(digest), f"the Deployment was not pinned to its digest: {pinned}")
    for line in _said(scene):
        scene.timeline.say(f"a running pod says: {line}")
    return scene.cluster.running_digests(scene.workload)


def _push_again(scene: Scene, tar: Path) -> datetime:
    scene.timeline.chapter("The base is pushed again, with the security suite. From here on nobody does anything")
    repository = scene.registry.repository(scene.base)
    with scene.timeline.timed("push") as note:
        image = debian.publish(repository, tar, None)
        note.detail = f"{scene.base} → {short(image.digest)}"
    moment = datetime.now(UTC)
    scene.watch.mark()
    repository.put_manifest(image.raw_manifest, image.media_type, "12")
    return moment


def _watch_over(scene: Scene) -> Digest:
    def show(kind: str, subject: str, message: str) -> None:
        scene.timeline.step(kind, f"{subject.removeprefix(scene.host + '/')}: {message}")

    healed = scene.watch.until(
        lambda e: e.subject == str(scene.app) and e.kind in {"healed", "held", "failed", "skipped"},
        "the application to be healed",
        _PATIENCE,
        show,
    )
    need(healed.kind == "healed", f"the application was not healed: {healed.message}")
    return scene.registry.repository(scene.app).resolve("1").digest


def _prove(scene: Scene, before: tuple[Digest, ...], after: Digest) -> None:
    scene.timeline.chapter("Proof, from the cluster itself")
    running = _settled(scene)
    good = running == (after,) and after not in before
    scene.timeline.step("digest", f"every pod runs {short(after)}, none {short(before[0])}", good=good)
    need(good, f"pods run {running}, not {after} alone")
    for line in _said(scene):
        scene.timeline.say(f"a running pod says: {line}")
    old = _versions(scene.out / "debian-release.tar")
    said = dict(line.split(" ", 1) for line in _said(scene))
    patched = {name: version for name, version in said.items() if old.get(name) not in (None, version)}
    detail = ", ".join(f"{name} {old[name]} → {version}" for name, version in sorted(patched.items()))
    scene.timeline.step("patched", detail or "nothing", good=bool(patched))
    need(patched, "the running pods have no patched package")


def _settled(scene: Scene) -> tuple[Digest, ...]:
    """What runs once the old pods, which a rollout does not wait for, have gone."""
    until = time.monotonic() + _GRACE
    while True:
        running = scene.cluster.running_digests(scene.workload)
        if len(running) == 1 or time.monotonic() > until:
            return running
        time.sleep(0.2)


def _clock(scene: Scene, pushed: datetime, definition: BuildDefinition) -> None:
    app, base = str(scene.app), str(scene.base)
    stages: list[tuple[str, Callable[[], datetime | None]]] = [
        ("detected", lambda: scene.watch.when("pushed", base)),
        ("rebuilt", lambda: scene.watch.when("made", app)),
        ("validated", lambda: scene.watch.when("validated", app)),
        ("signed", lambda: scene.watch.when("published", app)),
        ("admitted", lambda: scene.watch.when("admitted", f"{scene.namespace}/Pod/")),
        ("running", lambda: scene.watch.when("rolled out", app)),
    ]
    scene.timeline.chapter(f"The loop's clock, from the push ({definition.context.name} built from source)")
    for name, when in stages:
        moment = when()
        need(moment, f"nothing was told of: {name}")
        if moment:
            scene.timeline.step(name, f"{(moment - pushed).total_seconds():6.2f} s after the push", good=True)


def _said(scene: Scene) -> list[str]:
    found = kube.pods(scene.cluster.api, scene.namespace, "web")
    need(found, "the application has no pods")
    said = [kube.words(scene.cluster.api, scene.namespace, pod) for pod in found]
    need(all(each == said[0] for each in said), f"pods differ: {said}")
    return said[0]


def _versions(tar: Path) -> dict[str, str]:
    """The packages of a root file system tar, by its own package database."""
    import tarfile

    with tarfile.open(tar) as archive:
        file = archive.extractfile("./var/lib/dpkg/status")
        text = io.TextIOWrapper(file, errors="replace").read() if file else ""
    stanzas = (
        dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line) for stanza in text.split("\n\n")
    )
    return {stanza["Package"]: stanza["Version"] for stanza in stanzas if "Version" in stanza}
