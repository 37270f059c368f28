"""A saved report's verdict, explained: each reason with its evidence, and what would change it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from pratique.report.document import Document, FindingPart, LayerPart, ReasonPart
from pratique.report.text import one_line

_OUTCOMES = {"allow": "allowed", "warn": "allowed, with warnings", "deny": "denied"}


class Explained(msgspec.Struct, frozen=True):
    """One reason: what was looked at and found, and the ways to change it."""

    reason: ReasonPart
    evidence: tuple[str, ...]
    changes: tuple[str, ...]


def explain(document: Document, subject: str = "") -> tuple[Explained, ...]:
    """The verdict's reasons, all or those whose rule, message or subject names `subject`; none without a verdict."""
    if document.verdict is None:
        return ()
    findings = {f"{part.id} {part.package.purl}": part for part in document.findings}
    layers = {layer.diff_id: layer for layer in document.image.layers} if document.image else {}
    found = []
    for reason in document.verdict.reasons:
        if subject and subject.lower() not in f"{reason.rule} {reason.message} {reason.subject}".lower():
            continue
        part = findings.get(reason.subject)
        evidence = tuple(_evidence(part, layers)) if part else ()
        found.append(Explained(reason, evidence, tuple(_changes(reason, part))))
    return tuple(found)


def render_text(document: Document, reasons: tuple[Explained, ...]) -> str:
    """For a terminal: the verdict and what it was made from, then each reason."""
    return "".join(one_line(line) + "\n" for line in _lines(document, reasons))


def render_json(document: Document, reasons: tuple[Explained, ...]) -> bytes:
    """The same for machines."""
    verdict = document.verdict
    made: dict[str, Any] = {
        "target": document.target,
        "image": document.inventory_image,
        "outcome": verdict.outcome if verdict else None,
        "policy_digest": verdict.policy_digest if verdict else None,
        "advisories_digest": verdict.advisories_digest if verdict else None,
        "judged_at": verdict.judged_at if verdict else None,
        "reasons": reasons,
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def _lines(document: Document, reasons: tuple[Explained, ...]) -> Iterator[str]:
    verdict = document.verdict
    if verdict is None:
        return
    yield f"{document.target}: {_OUTCOMES[verdict.outcome]}"
    yield f"  image       {document.inventory_image or 'none'}"
    yield f"  policy      {verdict.policy_digest}"
    yield f"  advisories  {verdict.advisories_digest}"
    yield f"  judged at   {verdict.judged_at}"
    for one in reasons:
        yield ""
        yield f"{one.reason.outcome}: {one.reason.message}"
        yield f"  rule        {one.reason.rule}"
        yield from (f"  {'evidence' if not number else '':<11} {line}" for number, line in enumerate(one.evidence))
        yield from (f"  {'changed by' if not number else '':<11} {line}" for number, line in enumerate(one.changes))


def _evidence(part: FindingPart, layers: dict[Any, LayerPart]) -> Iterator[str]:
    for one in part.evidence:
        where = f" ({one.source})" if one.source else ""
        hit = f": {one.name} {one.version} is in {one.range}" if one.range else f": {one.name} {one.version}"
        yield f"{one.advisory}{where}{hit}"
    if part.score is not None:
        yield f"CVSS {part.score:.1f} {part.vector}".rstrip()
    if part.published:
        yield f"published {part.published}"
    package = part.package
    if package.path:
        layer = layers.get(package.layer)
        yield f"found in {package.path}" + (f", layer {package.layer}" if package.layer else "")
        if layer and layer.created_by:
            yield f"that layer was made by: {layer.created_by}"
    if part.in_base is not None:
        yield "it came with the base image" if part.in_base else "it is not from the base image"


def _changes(reason: ReasonPart, part: FindingPart | None) -> Iterator[str]:
    if reason.remedy:
        yield reason.remedy
    if part and reason.outcome != "allow":
        yield (
            f"or in the policy, below ignore: - {{vulnerability: {part.id}, package: {part.package.name}, "
            "reason: ..., owner: ..., expires: YYYY-MM-DD}"
        )
    if reason.outcome == "allow":
        yield "the ignore entry's expiry, or its removal"
