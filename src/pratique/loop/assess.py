"""Scan an image and judge it: what both journeys do to whatever they meet. By digest, into the store."""

import msgspec

from pratique.judge.base import mark_base
from pratique.judge.match import match_all
from pratique.judge.verdict import judge
from pratique.loop.parts import Parts
from pratique.model.digest import Digest
from pratique.model.errors import NotFound
from pratique.model.finding import Finding
from pratique.model.image import Image
from pratique.model.inventory import Inventory
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.scan.image import scan_image


class Scanned(msgspec.Struct, frozen=True):
    """What a scan found, in numbers; the inventory is in the store."""

    packages: int
    skipped: int


class Judged(msgspec.Struct, frozen=True):
    """What the policy said, in numbers; findings and verdict are in the store."""

    outcome: Outcome
    findings: int
    fixable: int


def known_image(parts: Parts, digest: Digest) -> Image:
    """An image that an earlier step put into the store."""
    image = parts.store.images.get(digest)
    if image is None:
        raise NotFound(f"image {digest} is not in the store", "push it again, or scan it")
    return image


def known_inventory(parts: Parts, digest: Digest) -> Inventory:
    """An inventory that an earlier step put into the store."""
    inventory = parts.store.assessments.inventory(digest)
    if inventory is None:
        raise NotFound(f"image {digest} was not scanned", "push it again, or scan it")
    return inventory


def scan(parts: Parts, reference: Reference, digest: Digest) -> Scanned:
    """Read every layer and remember what is in it."""
    inventory = scan_image(known_image(parts, digest), parts.registry.repository(reference))
    parts.store.assessments.add_inventory(digest, inventory)
    return Scanned(len(inventory.packages), len(inventory.skipped))


def judge_image(parts: Parts, digest: Digest) -> Judged:
    """Match what is in it with the advisories, judge the findings, remember both."""
    inventory = known_inventory(parts, digest)
    matched = match_all(inventory, parts.advisories, parts.advisories.get)
    base = parts.store.lineage.base(digest)
    base_image = parts.store.images.get(base[1]) if base else None
    findings = mark_base(matched.findings, base_image.diff_ids) if base_image else matched.findings
    inventory = msgspec.structs.replace(inventory, skipped=(*inventory.skipped, *matched.unmatched))
    verdict = judge(parts.policy, digest, inventory, findings, parts.advisories.digest, parts.now())
    parts.store.assessments.judged(digest, findings, verdict)
    return Judged(verdict.outcome, len(findings), sum(1 for finding in findings if fixable(finding)))


def fixable(finding: Finding) -> bool:
    """Whether a version is known that mends it."""
    return bool(finding.fix_versions)
