"""An image's base has a newer version: make the image anew, prove that it is better, put it in the old one's place.

Bases and images go on being pushed while we work. One image is healed by one journey at a time; each aims, when its
turn comes, at what is newest then, and puts its work in place only if nothing has moved meanwhile: else it aims anew.
So whatever the order in which pushes are told and journeys are walked, the newest wins in the end.
"""

from functools import partial

import msgspec

from pratique.loop import assess, make, tags, trust
from pratique.loop.parts import Parts
from pratique.loop.requests import Fate, Heal, Healed, Push
from pratique.loop.steps import Steps
from pratique.model.change import Plan, Rebuild, Strategy, Validation
from pratique.model.digest import Digest, short
from pratique.model.errors import PratiqueError
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.remediate.validate import Candidate, validate
from pratique.rollout.act import roll_out
from pratique.rollout.find import running
from pratique.rollout.patch import pinned
from pratique.store.events import Event

_ROUNDS = 20  # how often a base may move on while one image is healed


class Aim(msgspec.Struct, frozen=True):
    """Where the image is, and what to do about it; nothing when it is on the newest version of its base."""

    digest: Digest
    heal: Heal | None = None


def heal(parts: Parts, steps: Steps, request: Heal) -> Healed:
    """Walk the journey. Whatever fails is a result with its reason, so that the others go on."""
    with parts.turns.take(f"heal/{request.image}"):
        try:
            healed = _walk(parts, steps, request)
        except PratiqueError as error:
            healed = Healed(request.image, request.digest, Fate.FAILED, reason=str(error))
        message = healed.reason or f"{short(healed.old)} → {short(healed.new or healed.old)}"
        _tell(parts, steps, request, healed.fate.value, message)
        return healed


def _walk(parts: Parts, steps: Steps, request: Heal) -> Healed:
    for _ in range(_ROUNDS):
        aim = steps.run("aim", Aim, partial(_aim, parts, request))
        if aim.heal is None:
            return Healed(request.image, aim.digest, Fate.CURRENT, aim.digest)
        healed = _once(parts, steps, aim.heal)
        if healed:
            return healed
        _tell(parts, steps, request, "aims anew", f"{short(aim.digest)} or its base has moved on")
    return Healed(request.image, request.digest, Fate.FAILED, reason=f"its base moved on {_ROUNDS} times meanwhile")


def _aim(parts: Parts, request: Heal) -> Aim:
    """Where image and base are by now, whatever they were when we were asked."""
    image, store = request.image, parts.store
    digest = store.images.tagged(image) or request.digest
    base, old_base = store.lineage.base(digest) or (request.base, request.old_base)
    new_base = store.images.tagged(base) or request.new_base
    return Aim(digest, Heal(image, digest, base, old_base, new_base) if new_base != old_base else None)


def _once(parts: Parts, steps: Steps, request: Heal) -> Healed | None:
    """The way to the newest base as it was when we began; None when it is another by now."""
    image, old = request.image, request.digest
    plan = steps.run("plan", Plan, lambda: make.plan_for(parts, request))
    if plan.strategy is Strategy.NONE:
        return Healed(image, old, Fate.CURRENT, old)
    _tell(parts, steps, request, "planned", "; ".join(change.reason for change in plan.changes))
    rebuild = steps.run(plan.strategy.value, Rebuild, lambda: make.make(parts, plan))
    new = rebuild.new
    _tell(parts, steps, request, "made", f"{plan.strategy.value} → {short(new)}")
    steps.run("scan", assess.Scanned, lambda: assess.scan(parts, image, new))
    judged = steps.run("judge", assess.Judged, lambda: assess.judge_image(parts, new))
    validation = steps.run("validate", Validation, lambda: _validate(parts, rebuild))
    unfit = _unfit(parts, validation, judged)
    if unfit:
        return Healed(image, old, Fate.HELD, new, unfit)
    _tell(
        parts, steps, request, "validated", f"{len(validation.fixed)} findings gone, {len(validation.remaining)} left"
    )
    if parts.signer:
        steps.run("attest", trust.Attested, lambda: trust.attest_image(parts, image, new))
    published = steps.run("publish", tags.Published, lambda: tags.publish(parts, request, new))
    if published.found is not None:
        return _overtaken(steps, request, new, published.found)
    if not published.done:
        return None
    _tell(parts, steps, request, "published", f"signed, tag moved to {short(new)}")
    return Healed(image, old, Fate.HEALED, new, rollouts=_roll_out(parts, steps, request, new))


def _unfit(parts: Parts, validation: Validation, judged: assess.Judged) -> str:
    """Why a new image may not take the old one's place; empty when it may."""
    if not validation.passed:
        return "; ".join(f"{check.name}: {check.detail}" for check in validation.checks if not check.passed)
    if judged.outcome is Outcome.DENY:
        verdict = parts.store.assessments.verdict(validation.new)
        reasons = [reason.message for reason in verdict.reasons if reason.outcome is Outcome.DENY] if verdict else []
        return f"better, but the policy still denies it: {'; '.join(reasons[:3])}"
    return ""


def _validate(parts: Parts, rebuild: Rebuild) -> Validation:
    plan = rebuild.plan
    old_base = parts.store.images.get(plan.old_base) if plan.old_base else None
    validation = validate(
        _candidate(parts, rebuild.old),
        _candidate(parts, rebuild.new),
        strategy=plan.strategy,
        expected_base=parts.store.images.get(plan.new_base) if plan.new_base else None,
        base_layers=len(old_base.layers) if old_base else 0,
        base_inventory=parts.store.assessments.inventory(plan.new_base) if plan.new_base else None,
    )
    parts.store.lineage.rebuilt(rebuild, validation, plan.new_base or Digest(""))
    return validation


def _candidate(parts: Parts, digest: Digest) -> Candidate:
    findings = parts.store.assessments.findings(digest)
    return Candidate(assess.known_image(parts, digest), assess.known_inventory(parts, digest), findings)


def _overtaken(steps: Steps, request: Heal, new: Digest, found: Digest) -> Healed:
    """Leave the tag to whoever moved it; what they pushed is looked at even if no registry tells us of it."""
    if not found:
        return Healed(request.image, request.digest, Fate.OVERTAKEN, new, "its tag was deleted meanwhile")
    steps.spawn("pushed", f"{steps.journey}/push/{found}", Push(request.image, found))
    return Healed(request.image, request.digest, Fate.OVERTAKEN, new, f"its tag was moved to {short(found)} meanwhile")


def _roll_out(parts: Parts, steps: Steps, request: Heal, new: Digest) -> tuple[RolloutState, ...]:
    if parts.cluster is None:
        return ()
    uses = steps.run("find workloads", Uses, lambda: _uses(parts, request))
    states = []
    for workload, containers in uses.found:
        act = partial(_roll, parts, workload, containers, request.image, new)
        state = steps.run(f"roll out {workload.id}", RolloutState, act)
        _tell(parts, steps, request, "rolled out", f"{workload.id}: {state.stage.value} {state.message}".strip())
        states.append(state)
    return tuple(states)


class Uses(msgspec.Struct, frozen=True):
    """Workloads to move, with the names of their containers that run the old image."""

    found: tuple[tuple[Workload, tuple[str, ...]], ...] = ()


def _uses(parts: Parts, request: Heal) -> Uses:
    if parts.cluster is None:
        return Uses()
    workloads = parts.cluster.list_workloads()
    containers: dict[Workload, set[str]] = {}
    # A rollout that failed, or was never begun, left pods on what this image was made from.
    for digest in (request.digest, *parts.store.lineage.made_from(request.digest)):
        for use in running(workloads, digest, request.image):
            containers.setdefault(use.workload, set()).add(use.container)
    ordered = sorted(containers.items(), key=lambda item: item[0].id)
    return Uses(tuple((workload, tuple(sorted(names))) for workload, names in ordered))


def _roll(parts: Parts, workload: Workload, containers: tuple[str, ...], image: Reference, new: Digest) -> RolloutState:
    if parts.cluster is None:
        return RolloutState(workload.id, Stage.WAITING, "no cluster")
    if parts.store.images.tagged(image) != new:  # taken up after a crash, when another journey had gone further
        return RolloutState(workload.id, Stage.WAITING, "a newer image took its place")
    try:
        return roll_out(parts.cluster, workload, dict.fromkeys(containers, pinned(image, new)), parts.deadline)
    except PratiqueError as error:
        return RolloutState(workload.id, Stage.FAILED, str(error))


def _tell(parts: Parts, steps: Steps, request: Heal, kind: str, message: str) -> None:
    subject = str(request.image)
    steps.run(f"tell {kind}", bool, lambda: _add(parts, Event(parts.moment(), steps.journey, kind, subject, message)))


def _add(parts: Parts, event: Event) -> bool:
    parts.store.events.add(event)
    return True
