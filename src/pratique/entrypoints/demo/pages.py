"""The report that the demo leaves: what happened, and each application before and after."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pratique import __version__
from pratique.entrypoints.demo import timeline as told
from pratique.loop.parts import Parts
from pratique.loop.requests import Pushed
from pratique.model.digest import Digest
from pratique.model.errors import NotFound
from pratique.model.reference import Reference
from pratique.report import html
from pratique.report.html_comparison import Comparison
from pratique.report.html_timeline import Step, Timeline
from pratique.report.report import Advisories, Report

_OUTCOMES: Mapping[bool | None, Literal["good", "bad", ""]] = {True: "good", False: "bad", None: ""}


def write(path: Path, parts: Parts, timeline: told.Timeline, pushed: Pushed) -> Path:
    """Write one self-contained HTML file; returns its path."""
    steps = [
        Step(entry.name, entry.detail, entry.seconds, _OUTCOMES[entry.good], entry.chapter)
        for entry in timeline.entries
    ]
    sections: list[html.Section] = [Timeline(tuple(steps), "What happened")]
    for healed in pushed.healed:
        made = parts.store.lineage.rebuild_of(healed.new) if healed.new else None
        if made and healed.new:
            old, new = report(parts, healed.image, healed.old), report(parts, healed.image, healed.new)
            sections.append(Comparison(old, new, made[1], f"{healed.image}, healed"))
    path.write_bytes(html.render("Pratique: from a pushed base image to a healed application", sections))
    return path


def report(parts: Parts, reference: Reference, digest: Digest) -> Report:
    """What the store knows of an image, as a report."""
    image, inventory = parts.store.images.get(digest), parts.store.assessments.inventory(digest)
    verdict = parts.store.assessments.verdict(digest)
    if image is None or inventory is None or verdict is None:
        raise NotFound(f"{reference} at {digest} was not assessed")
    return Report(
        target=str(reference),
        image=image,
        inventory=inventory,
        findings=parts.store.assessments.findings(digest),
        verdict=verdict,
        advisories=Advisories(verdict.advisories_digest, verdict.judged_at),
        tool_version=__version__,
        generated_at=verdict.judged_at,
    )
