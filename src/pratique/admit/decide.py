"""Whether a workload may run. Pure: request, policy, what is known of its images, and the time in; a decision out.

What is not known counts against the image: the gate fails closed.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pratique.admit import pin
from pratique.admit.podspecs import ImageUse, images
from pratique.admit.policy import AdmissionPolicy, Mode, Need
from pratique.admit.review import AdmissionRequest, sentence
from pratique.model.decision import Decision, Refusal
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome, Reason


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one image string; `error`, when not empty, says why the rest is not known.

    `digest` is what the tag resolves to now. `signed_by` are the ids of keys whose signatures verified. The verdict is
    the newest attested one, with the key that signed it and when it was judged (RFC 3339).
    """

    reference: Reference | None = None
    digest: Digest | None = None
    signed_by: tuple[str, ...] = ()
    verdict: Outcome | None = None
    verdict_reasons: tuple[Reason, ...] = ()
    verdict_by: str = ""
    judged_at: str = ""
    error: str = ""


def decide(
    request: AdmissionRequest, policy: AdmissionPolicy, facts: Mapping[str, Facts], now: datetime | None = None
) -> Decision:
    """Whether the request may pass; `facts` are keyed by the image strings that `needed` names.

    `now` (aware) is for the policy's `verdict_max_age`: without it every verdict is too old. Raises nothing.
    """
    try:
        uses = uses_to_check(request, policy)
    except InvalidData as error:
        return _decision(policy, [Refusal("", "workload", error.what, "apply an object of its kind's shape")], (), {})
    strings = dict.fromkeys(use.image for use in uses)
    known = {image: facts.get(image, Facts(error="nothing is known of it")) for image in strings}
    refusals = [reason for image in known for reason in _refusals(image, known[image], policy, now)]
    warnings = [line for image in known for line in _warnings(image, known[image])]
    return _decision(policy, refusals, warnings, _pins(policy, known))


def needed(request: AdmissionRequest, policy: AdmissionPolicy) -> tuple[str, ...]:
    """The image strings that `decide` wants facts about: those whose registry is accepted, each once."""
    try:
        uses = uses_to_check(request, policy)
    except InvalidData:
        return ()
    return tuple(image for image in dict.fromkeys(use.image for use in uses) if not _name_problem(image, policy))


def uses_to_check(request: AdmissionRequest, policy: AdmissionPolicy) -> tuple[ImageUse, ...]:
    """The images that this request brings in; those there before an update are not new. Raises InvalidData."""
    if request.operation not in {"CREATE", "UPDATE"} or request.namespace in policy.exempt_namespaces:
        return ()
    if request.object is None:
        raise InvalidData(f"a {request.operation} without an object")
    uses = images(request.kind.group, request.kind.kind, request.object)
    if request.operation == "CREATE" or request.old_object is None:
        return uses
    if _is_going_away(request.old_object):
        return ()
    old = {use.image for use in images(request.kind.group, request.kind.kind, request.old_object)}
    return tuple(use for use in uses if use.image not in old)


def _is_going_away(document: Mapping[str, Any]) -> bool:
    # Only what the API server wrote counts, so the old object is asked: its finalizers must be able to finish.
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("deletionTimestamp"))


def _refusals(image: str, facts: Facts, policy: AdmissionPolicy, now: datetime | None) -> Iterator[Refusal]:
    problem = _name_problem(image, policy)
    if problem:
        yield problem
        return
    if policy.digest is Need.REQUIRED and "@" not in image:
        yield Refusal(image, "digest", "it is named by a tag, which may move", "name it as repository@sha256:…")
    if facts.error or facts.digest is None:
        why = facts.error or "its tag could not be resolved to a digest"
        yield Refusal(
            image, "unknown", f"it could not be checked: {why}", "try again; is it pushed, and may we read it?"
        )
        return
    yield from _signature_refusals(image, facts, policy)
    yield from _verdict_refusals(image, facts, policy, now)


def _name_problem(image: str, policy: AdmissionPolicy) -> Refusal | None:
    try:
        name = Reference.parse(image).name
    except UsageError as error:
        return Refusal(image[:300], "reference", error.what, error.hint)
    if not policy.accepts_registry(name):
        accepted = ", ".join(policy.registries[:5])
        return Refusal(image, "registry", f"{name} is not where images may come from", f"use one from {accepted}")
    return None


def _signature_refusals(image: str, facts: Facts, policy: AdmissionPolicy) -> Iterator[Refusal]:
    if policy.signature is Need.REQUIRED and not any(policy.accepts_key(key) for key in facts.signed_by):
        found = "by a key that doesn't count here" if facts.signed_by else "by a key we trust"
        what = f"it is signed, but {found}" if facts.signed_by else f"it is not signed {found}"
        yield Refusal(image, "signature", what, "publish it through the pipeline that signs, or sign it: pratique sign")


def _verdict_refusals(image: str, facts: Facts, policy: AdmissionPolicy, now: datetime | None) -> Iterator[Refusal]:
    counts = facts.verdict is not None and policy.accepts_key(facts.verdict_by)
    if not counts:
        if policy.verdict is Need.REQUIRED:
            yield Refusal(
                image, "verdict", "no verdict by a key we trust is attached to it", "have it scanned and judged"
            )
        return
    if facts.verdict is Outcome.DENY:
        reasons = [reason for reason in facts.verdict_reasons if reason.outcome is Outcome.DENY]
        what = "; ".join(reason.message for reason in reasons[:3]) or "the policy denies it"
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        remedy = next((reason.remedy for reason in reasons if reason.remedy), "use a newer build of this image")
        yield Refusal(image, "verdict", f"its verdict is deny: {what}{more}", remedy)
    elif policy.verdict is Need.REQUIRED and _is_too_old(facts.judged_at, policy, now):
        what = f"its verdict of {facts.judged_at[:40] or 'an unknown time'} is too old"
        yield Refusal(image, "verdict", what, "have it scanned and judged again")


def _is_too_old(judged_at: str, policy: AdmissionPolicy, now: datetime | None) -> bool:
    if policy.verdict_max_age is None:
        return False
    try:
        judged = datetime.fromisoformat(judged_at)
        return now is None or judged.tzinfo is None or now - judged > policy.verdict_max_age
    except (ValueError, OverflowError):
        return True


def _warnings(image: str, facts: Facts) -> Iterator[str]:
    if facts.verdict is Outcome.WARN:
        reasons = [reason.message for reason in facts.verdict_reasons if reason.outcome is Outcome.WARN]
        yield f"image {image[:120]}: {'; '.join(reasons[:3]) or 'its verdict is warn'}"


def _pins(policy: AdmissionPolicy, known: Mapping[str, Facts]) -> dict[str, str]:
    if not policy.pin or policy.mode is Mode.AUDIT:
        return {}
    pins = {image: pin.pinned(image, facts.digest) for image, facts in known.items() if facts.digest}
    return {image: string for image, string in pins.items() if image != string}


def _decision(
    policy: AdmissionPolicy, refusals: list[Refusal], warnings: list[str] | tuple[()], pins: dict[str, str]
) -> Decision:
    allowed = not refusals or policy.mode is not Mode.ENFORCE
    said = [*(sentence(each) for each in refusals), *warnings] if policy.mode is Mode.WARN else [*warnings]
    return Decision(allowed, tuple(refusals), tuple(said[:20]), pins if allowed else {})
