"""The loop on real content in one folder: no root, no registry, no cluster. Every part is the one that `serve` runs."""

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

from pratique.admit.policy import AdmissionPolicy
from pratique.attest.keys import generate
from pratique.entrypoints.demo import content, gate, pages
from pratique.entrypoints.demo.journal import Journal
from pratique.entrypoints.demo.timeline import Timeline
from pratique.loop.requests import Fate, Healed, Push, Pushed
from pratique.model.digest import short
from pratique.model.errors import PratiqueError
from pratique.model.finding import Finding
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.registry.images import load, pack
from pratique.registry.repository import Registry
from pratique.report.report import totals_line
from pratique.wiring import scans
from pratique.wiring.loops import Loop, Settings, open_loop

BASE = Reference.parse("registry.demo/base:1")
WEB = Reference.parse("registry.demo/shop/web:1")
CHECKOUT = Reference.parse("registry.demo/shop/checkout:1")
POLICY = AdmissionPolicy()  # signed by our key, with a verdict that isn't deny
_PATIENCE = 60.0  # seconds for one journey
_OWN = (content.layer({"app/web.py": b"import jinja2, urllib3\n"}), content.layer({"app/checkout.py": b"import web\n"}))


def run(out: Path, timeline: Timeline) -> None:
    """Tell the story in `out`, which is made anew. Raises PratiqueError when a part of it did not go as it must."""
    clear(out)
    timeline.console.print(f"[bold]Pratique[/]: from a pushed base image to a healed application, in {out}/")
    timeline.chapter("Real packages, real advisories, a key")
    old, new, own = _fetch(out, timeline)
    settings = _prepare(out, timeline)
    with ExitStack() as stack:
        journal = Journal()
        loop = stack.enter_context(open_loop(settings, journal))
        _publish(loop, timeline, journal, old, own)
        _refuse(loop, timeline)
        pushed = _heal(loop, timeline, journal, new)
        _admit(loop, timeline, pushed)
        report = pages.write(out / "report.html", loop.parts, timeline, pushed)
    seconds = timeline.elapsed()
    timeline.chapter(f"Done in {seconds:.1f} s")
    timeline.say(f"the report:    {report}")
    timeline.say(f"the images:    {out}/registry (OCI layouts: skopeo, crane and pratique scan oci:... read them)")
    timeline.say(f"scan one:      pratique scan oci:{out}/registry/registry.demo/shop/web:1 --db {settings.advisories}")


def clear(out: Path) -> None:
    """Make the demo's folder anew. Raises PratiqueError for one that holds something else."""
    marker = out / ".pratique-demo"
    if out.exists() and any(out.iterdir()) and not marker.exists():
        raise PratiqueError(f"{out} is not empty and not a demo's", "name another folder with --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    marker.touch()


def _fetch(out: Path, timeline: Timeline) -> tuple[bytes, bytes, bytes]:
    layers = []
    for name in ("base-old", "base-new", "checkout"):
        with timeline.timed("download") as note:
            wheels = content.download(name, out / "wheels" / name)
            layers.append(content.installed(wheels))
            note.detail = ", ".join(" ".join(wheel.name.split("-")[:2]) for wheel in wheels)
    return layers[0], layers[1], layers[2]


def _prepare(out: Path, timeline: Timeline) -> Settings:
    advisories, key = out / "state" / "advisories.db", out / "cosign.key"
    with timeline.timed("advisories") as note:
        advisories.parent.mkdir(parents=True)
        with as_file(files("pratique.entrypoints.demo").joinpath("advisories")) as folder:
            built = scans.build_advisories(advisories, [str(folder)], datetime.now(UTC))
        note.detail = f"{built.advisories} OSV records in one read-only file"
    with timeline.timed("key") as note:
        pair = generate(b"")
        key.write_bytes(pair.private_pem)
        key.chmod(0o600)
        (out / "cosign.pub").write_bytes(pair.public_pem)
        note.detail = "ECDSA P-256, in cosign's format"
    return Settings(
        state=out / "state", advisories=advisories, key=key, layouts=out / "registry", vouch_for=("registry.demo",)
    )


def _publish(loop: Loop, timeline: Timeline, journal: Journal, packages: bytes, own: bytes) -> None:
    timeline.chapter("A base image and two applications are pushed: scan, judge")
    registry = loop.parts.registry
    for push in (_push_base(registry, packages), _push_app(registry, WEB, BASE, [_OWN[0]])):
        _walk(loop, timeline, journal, push)
    _walk(loop, timeline, journal, _push_app(registry, CHECKOUT, WEB, [own, _OWN[1]]))
    digest = load(registry.repository(CHECKOUT), "1").digest
    for finding in loop.parts.store.assessments.findings(digest):
        timeline.say(_line(finding))
    _require(loop.parts.store.assessments.findings(digest), "the vulnerable packages were not found")


def _refuse(loop: Loop, timeline: Timeline) -> None:
    timeline.chapter("A Pod asks to run shop/checkout:1")
    with timeline.timed("admission") as note:
        decision, _ = gate.ask(loop, POLICY, gate.pod_review(str(CHECKOUT)))
        note.detail, note.good = f"AdmissionReview answered: {'allowed' if decision.allowed else 'refused'}", True
    for reason in decision.reasons:
        timeline.say(f"{reason.rule}: {reason.message}; {reason.remedy}")
    _require(not decision.allowed, "the vulnerable image was admitted")


def _heal(loop: Loop, timeline: Timeline, journal: Journal, packages: bytes) -> Pushed:
    timeline.chapter("The base is published anew with fixed versions: everything built on it is healed, in order")
    pushed = _walk(loop, timeline, journal, _push_base(loop.parts.registry, packages))
    for healed in pushed.healed:
        journal.tell(timeline, f"{_key(pushed)}/heal/{healed.image}", str(healed.image))
        detail = f"{healed.image} {short(healed.old)} → {short(healed.new or healed.old)} {healed.reason}"
        timeline.step(healed.fate.value, detail.strip(), good=healed.fate is Fate.HEALED)
        _explain(loop, timeline, healed)
    good = [healed.image for healed in pushed.healed if healed.fate is Fate.HEALED]
    _require(good == [WEB, CHECKOUT], f"not everything was healed in order: {good}")
    return pushed


def _explain(loop: Loop, timeline: Timeline, healed: Healed) -> None:
    made = loop.parts.store.lineage.rebuild_of(healed.new) if healed.new else None
    for check in made[1].checks if made else ():
        timeline.say(f"{'✓' if check.passed else '✗'} {check.name}: {check.detail}")


def _admit(loop: Loop, timeline: Timeline, pushed: Pushed) -> None:
    timeline.chapter("The Pod asks again, with the new digest")
    new = pushed.healed[-1].new
    image = f"{CHECKOUT.name}@{new}"
    with timeline.timed("admission") as note:
        decision, _ = gate.ask(loop, POLICY, gate.pod_review(image))
        note.detail, note.good = f"AdmissionReview answered: {'allowed' if decision.allowed else 'refused'}", True
    tagged, _ = gate.ask(loop, POLICY, gate.pod_review(str(WEB)))
    for asked, pinned in tagged.pins.items():
        timeline.say(f"a Pod that names a tag is pinned: {asked} → {pinned[:60]}…")
    _require(decision.allowed, f"the healed image was refused: {decision.reasons}")


def _walk(loop: Loop, timeline: Timeline, journal: Journal, push: Push) -> Pushed:
    key = _key(push)
    timeline.step("pushed", f"{push.reference} → {short(push.digest)}")
    loop.flow.start("pushed", key, push)
    pushed = loop.flow.result(key, Pushed)
    loop.flow.wait(_PATIENCE)
    _require(not pushed.reason, pushed.reason)
    journal.tell(timeline, key, str(push.reference))
    if pushed.outcome:
        found = loop.parts.store.assessments.findings(pushed.digest)
        timeline.step(
            "judged", f"{pushed.outcome.value}: {totals_line(found)}", good=pushed.outcome is not Outcome.DENY
        )
    return pushed


def _key(push: Push | Pushed) -> str:
    return f"push/{push.reference}/{short(push.digest)}"


def _push_base(registry: Registry, packages: bytes) -> Push:
    config = {"Env": [f"PYTHONPATH=/{content.SITE_PACKAGES}"], "Labels": {"org.opencontainers.image.title": "base"}}
    lines = ["pratique demo: pip install"]
    image = pack(registry.repository(BASE), [packages], config=config, tag="1", created_by=lines)
    return Push(BASE, image.digest)


def _push_app(registry: Registry, name: Reference, base: Reference, layers: Sequence[bytes]) -> Push:
    below = load(registry.repository(base), base.target)
    repository = registry.repository(name)
    for each in below.layers:
        repository.mount_blob(each.descriptor, base)
    config = {"Cmd": ["python", f"/app/{name.repository.rpartition('/')[2]}.py"], "User": "1000"}
    return Push(name, pack(repository, layers, base=below, config=config, tag="1").digest)


def _line(finding: Finding) -> str:
    fix = ", ".join(finding.fix_versions[:2]) or "no fix yet"
    package = f"{finding.package.name} {finding.package.version}"
    return f"{finding.severity.word:<9} {finding.id:<17} {package:<15} fixed in {fix}"


def _require(good: object, otherwise: str) -> None:
    if not good:
        raise PratiqueError(f"the demo did not go as it must: {otherwise}", "run it again, and report this")
