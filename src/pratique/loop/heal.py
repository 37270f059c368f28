"""An image's base has a newer version: make the image anew, prove that it is better, put it in the old one's place."""

from functools import partial

import msgspec

from pratique.loop import assess, make, trust
from pratique.loop.parts import Parts
from pratique.loop.requests import Fate, Heal, Healed
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


def heal(parts: Parts, steps: Steps, request: Heal) -> Healed:
    """Walk the journey. Whatever fails is a result with its reason, so that the others go on."""
    try:
        healed = _walk(parts, steps, request)
    except PratiqueError as error:
        healed = Healed(request.image, request.digest, Fate.FAILED, reason=str(error))
    message = healed.reason or f"{short(healed.old)} → {short(healed.new or healed.old)}"
    _tell(parts, steps, request, healed.fate.value, message)
    return healed


def _walk(parts: Parts, steps: Steps, request: Heal) -> Healed:
    image, old = request.image, request.digest
    plan = steps.run("plan", Plan, lambda: make.plan_for(parts, request))
    if plan.strategy is Strategy.NONE:
        return Healed(image, old, Fate.CURRENT)
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
    steps.run("publish", Digest, lambda: _publish(parts, image, new))
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


def _publish(parts: Parts, image: Reference, new: Digest) -> Digest:
    # The store first: the registry's notification of our own push must find nothing new.
    parts.store.images.tag(image, new, parts.stamp())
    made = assess.known_image(parts, new)
    parts.registry.repository(image).put_manifest(made.raw_manifest, made.media_type, image.tag)
    return new


def _roll_out(parts: Parts, steps: Steps, request: Heal, new: Digest) -> tuple[RolloutState, ...]:
    if parts.cluster is None:
        return ()
    uses = steps.run("find workloads", Uses, lambda: _uses(parts, request))
    image = pinned(request.image, new)
    states = []
    for workload, containers in uses.found:
        act = partial(_roll, parts, workload, containers, image)
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
    containers: dict[Workload, set[str]] = {}
    for use in running(parts.cluster.list_workloads(), request.digest, request.image):
        containers.setdefault(use.workload, set()).add(use.container)
    ordered = sorted(containers.items(), key=lambda item: item[0].id)
    return Uses(tuple((workload, tuple(sorted(names))) for workload, names in ordered))


def _roll(parts: Parts, workload: Workload, containers: tuple[str, ...], image: str) -> RolloutState:
    if parts.cluster is None:
        return RolloutState(workload.id, Stage.WAITING, "no cluster")
    try:
        return roll_out(parts.cluster, workload, dict.fromkeys(containers, image), parts.deadline)
    except PratiqueError as error:
        return RolloutState(workload.id, Stage.FAILED, str(error))


def _tell(parts: Parts, steps: Steps, request: Heal, kind: str, message: str) -> None:
    subject = str(request.image)
    steps.run(f"tell {kind}", bool, lambda: _add(parts, Event(parts.moment(), steps.journey, kind, subject, message)))


def _add(parts: Parts, event: Event) -> bool:
    parts.store.events.add(event)
    return True
