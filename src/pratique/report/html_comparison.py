"""An image before and after a remedy, with the evidence that the new one may take the old one's place."""

from html import escape

import msgspec

from pratique.model.change import Validation
from pratique.model.digest import short
from pratique.report.html_parts import bar, plural
from pratique.report.report import Report, totals_line


class Comparison(msgspec.Struct, frozen=True):
    """Two reports of one image and what validation said."""

    old: Report
    new: Report
    validation: Validation | None = None
    title: str = "Before and after"


def comparison(pair: Comparison) -> str:
    """The section's inner HTML."""
    sides = _side("Before", pair.old) + _side("After", pair.new)
    return f'<h2>{escape(pair.title)}</h2><div class="pair">{sides}</div>{_evidence(pair)}'


def _side(name: str, report: Report) -> str:
    image = report.inventory.image
    digest = f' <code title="{escape(image)}">{escape(short(image))}</code>' if image else ""
    verdict = report.verdict.outcome.value if report.verdict else ""
    badge = f'<span class="badge {verdict}"><b>{verdict}</b></span>' if verdict else ""
    return (
        f'<div>{badge}<div class="meta">{name}{digest}</div><div class="number">{len(report.findings)}</div>'
        f"{bar(report.findings)}<div>{escape(totals_line(report.findings))}</div>"
        f'<div class="meta">{plural(len(report.inventory.packages), "package")}, {escape(report.target)}</div></div>'
    )


def _evidence(pair: Comparison) -> str:
    validation = pair.validation
    if validation is None:
        old = {finding.id for finding in pair.old.findings}
        new = {finding.id for finding in pair.new.findings}
        return _ids("Gone", sorted(old - new), "good") + _ids("New", sorted(new - old), "bad")
    word, kind = ("Every check passed", "allow") if validation.passed else ("Not every check passed", "deny")
    checks = "".join(
        f'<li class="{"yes" if check.passed else "no"}">{escape(check.name)}'
        f' <span class="meta">{escape(check.detail)}</span></li>'
        for check in validation.checks
    )
    return (
        f'<div class="verdict {kind}"><b>{word}</b></div><ul class="plain checks">{checks}</ul>'
        + _ids("Fixed", validation.fixed, "good")
        + _ids("Remaining", validation.remaining, "warn")
    )


def _ids(title: str, ids: "tuple[str, ...] | list[str]", kind: str) -> str:
    items = "".join(f'<span class="{kind}">{escape(name)}</span>' for name in ids)
    return f'<h3>{title}: {len(ids)}</h3><div class="ids">{items}</div>' if items else ""
