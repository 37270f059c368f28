"""An image was pushed: look at it, judge it, find its place among the others, and heal everything built on it."""

from collections.abc import Sequence

import msgspec

from pratique.loop import assess, tags, trust, waves
from pratique.loop.parts import Parts
from pratique.loop.requests import Fate, Heal, Healed, Push, Pushed
from pratique.loop.steps import Steps
from pratique.model.digest import Digest, short
from pratique.model.errors import PratiqueError
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry.images import load
from pratique.remediate.lineage import KnownImage, find_base
from pratique.store.events import Event
from pratique.store.lineage import Edge


class Observed(msgspec.Struct, frozen=True):
    """What a tag names: the image for our platform, and whether there is nothing new about it."""

    digest: Digest
    known: bool


class Pedigree(msgspec.Struct, frozen=True, omit_defaults=True):
    """The base that was found, if any, and why it is believed to be."""

    base: Reference | None = None
    base_digest: Digest | None = None
    evidence: str = ""


class Wave(msgspec.Struct, frozen=True):
    """What is not on the newest version of its base, directly or not, in levels; `roots`: where those bases are now."""

    levels: tuple[tuple[Edge, ...], ...] = ()
    roots: tuple[tuple[Reference, Digest], ...] = ()


def pushed(parts: Parts, steps: Steps, push: Push) -> Pushed:
    """Walk the journey. Heals run as journeys of their own; one that fails stops only what is built on it."""
    try:
        return _walk(parts, steps, push)
    except PratiqueError as error:
        _tell(parts, steps, "failed", push.reference, str(error))
        return Pushed(push.reference, push.digest, known=False, reason=str(error))


def _walk(parts: Parts, steps: Steps, push: Push) -> Pushed:
    reference = push.reference
    seen = steps.run("observe", Observed, lambda: _observe(parts, push))
    if seen.known:
        return Pushed(reference, seen.digest, known=True)
    digest = seen.digest
    _tell(parts, steps, "pushed", reference, f"now {short(digest)}")
    steps.run("scan", assess.Scanned, lambda: assess.scan(parts, reference, digest))
    steps.run("lineage", Pedigree, lambda: _lineage(parts, digest))
    judged = steps.run("judge", assess.Judged, lambda: assess.judge_image(parts, digest))
    _tell(
        parts,
        steps,
        "judged",
        reference,
        f"{judged.outcome.value}: {judged.findings} findings, {judged.fixable} fixable",
    )
    signed = False
    if parts.vouches(reference):
        attested = steps.run("attest", trust.Attested, lambda: trust.attest_image(parts, reference, digest))
        signed = attested.signed
        _tell(parts, steps, "signed" if signed else "attested", reference, f"{len(attested.predicates)} statements")
    recorded = steps.run("record", tags.Recorded, lambda: _record(parts, push, digest))
    if not recorded.newest:
        _tell(parts, steps, "overtaken", reference, f"{short(digest)} is no longer what the tag names")
    wave = steps.run("dependents", Wave, lambda: _dependents(parts, reference))
    healed = _heal_all(parts, steps, wave)
    return Pushed(reference, digest, known=False, outcome=judged.outcome, signed=signed, healed=healed)


def _observe(parts: Parts, push: Push) -> Observed:
    image = load(parts.registry.repository(push.reference), push.digest)
    parts.store.images.add(image, parts.stamp())
    same = parts.store.images.tagged(push.reference) == image.digest
    return Observed(image.digest, same and parts.store.assessments.verdict(image.digest) is not None)


def _lineage(parts: Parts, digest: Digest) -> Pedigree:
    image = assess.known_image(parts, digest)
    for above in parts.store.images.built_on(image):
        _link(parts, assess.known_image(parts, above))
    return _link(parts, image)


def _link(parts: Parts, image: Image) -> Pedigree:
    known = [
        KnownImage(each.reference, each.digest, each.diff_ids, image.platform, current=each.current)
        for each in parts.store.images.sharing(image)
    ]
    lineage = find_base(image, known)
    if lineage is None or lineage.base is None or lineage.base_digest is None or not lineage.certain:
        return Pedigree()
    evidence = "; ".join(lineage.evidence)
    parts.store.lineage.link(image.digest, lineage.base, lineage.base_digest, evidence)
    return Pedigree(lineage.base, lineage.base_digest, evidence)


def _record(parts: Parts, push: Push, digest: Digest) -> tags.Recorded:
    recorded = tags.record(parts, push, digest)
    image = assess.known_image(parts, digest)
    for above in parts.store.images.built_on(image):
        if parts.store.lineage.base(above) is None:
            _link(parts, assess.known_image(parts, above))
    return recorded


def _dependents(parts: Parts, reference: Reference) -> Wave:
    """Everything built on the tag's image; and that image itself, where it was pushed on an older base than is there.

    So an image that is built while its base is published anew does not stay behind.
    """
    images, lineage = parts.store.images, parts.store.lineage
    digest = images.tagged(reference)
    if digest is None:
        return Wave()
    edges, roots = lineage.dependents(reference), {reference: digest}
    base = lineage.base(digest)
    newest = images.tagged(base[0]) if base else None
    if base and newest and newest != base[1]:
        edges, roots = (Edge(reference, digest, *base), *edges), {**roots, base[0]: newest}
    return Wave(waves.levels(edges), tuple(roots.items())) if waves.stale(edges, roots) else Wave()


def _heal_all(parts: Parts, steps: Steps, wave: Wave) -> tuple[Healed, ...]:
    now_at, failed, done = dict(wave.roots), dict[Reference, str](), list[Healed]()
    for level in wave.levels:
        results = _heal_level(parts, steps, waves.next_heals(level, now_at))
        now_at.update(waves.settled(level, now_at))
        for each in (*results, *waves.cut_off(level, now_at, failed)):
            done.append(each)
            if each.new and each.fate in {Fate.HEALED, Fate.CURRENT}:
                now_at[each.image] = each.new
            else:
                failed[each.image] = each.reason
    return tuple(done)


def _heal_level(parts: Parts, steps: Steps, heals: Sequence[Heal]) -> list[Healed]:
    """Heal images that do not wait for each other, a bounded number at a time, the next as the oldest ends."""
    results = []
    for heal in heals[: parts.parallel]:
        steps.spawn("heal", _key(steps, heal.image), heal)
    for place, heal in enumerate(heals):
        results.append(steps.join(_key(steps, heal.image), Healed))
        for following in heals[place + parts.parallel : place + parts.parallel + 1]:
            steps.spawn("heal", _key(steps, following.image), following)
    return results


def _key(steps: Steps, image: Reference) -> str:
    return f"{steps.journey}/heal/{image}"


def _tell(parts: Parts, steps: Steps, kind: str, reference: Reference, message: str) -> None:
    event = Event(parts.moment(), steps.journey, kind, str(reference), message)
    steps.run(f"tell {kind}", bool, lambda: _add(parts, event))


def _add(parts: Parts, event: Event) -> bool:
    parts.store.events.add(event)
    return True
