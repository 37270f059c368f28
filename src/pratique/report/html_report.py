"""A report as a section: the verdict first, then what is wrong, then what is there."""

from html import escape

from pratique.model.finding import Finding
from pratique.model.inventory import Package, Skipped
from pratique.model.verdict import Outcome, Verdict
from pratique.report.html_parts import bar, details, link, plural, table
from pratique.report.report import Report, totals, worst_first

_WORDS = {Outcome.ALLOW: "Allowed", Outcome.WARN: "Allowed, with warnings", Outcome.DENY: "Denied"}


def report_section(report: Report) -> str:
    """The section's inner HTML."""
    inventory = report.inventory
    return "".join(
        (
            f"<h2>{escape(report.target)}</h2>",
            f'<div class="meta">{_about(report)}</div>',
            _verdict(report.verdict) if report.verdict else "",
            _findings(report) if report.advisories or report.findings else "",
            details(f"{len(inventory.skipped)} not read", _skips(inventory.skipped)),
            details(f"{len(report.unmatched)} not compared", _skips(report.unmatched)),
            _packages(inventory.packages),
            _advisories(report),
        )
    )


def _about(report: Report) -> str:
    distro = report.inventory.distro
    facts = [
        f"<code>{escape(report.inventory.image)}</code>" if report.inventory.image else "",
        escape(str(report.image.platform)) if report.image else "",
        escape(distro.name or f"{distro.id} {distro.version_id}") if distro else "",
        plural(len(report.inventory.packages), "package"),
        plural(len(report.image.layers), "layer") if report.image else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def _verdict(verdict: Verdict) -> str:
    reasons = "".join(
        f"<li>{escape(reason.message)}{f' <small>({escape(reason.remedy)})</small>' if reason.remedy else ''}"
        f' <span class="meta">{escape(reason.rule)}: {reason.outcome.value}</span></li>'
        for reason in verdict.reasons[:20]
    )
    more = len(verdict.reasons) - 20
    rest = f'<div class="meta">and {more} more</div>' if more > 0 else ""
    lines = f"<ul>{reasons}</ul>{rest}" if reasons else ""
    return f'<div class="verdict {verdict.outcome.value}"><b>{_WORDS[verdict.outcome]}</b>{lines}</div>'


def _findings(report: Report) -> str:
    findings = worst_first(report.findings)
    if not findings:
        return "<h3>No findings</h3>"
    chips = "".join(
        f'<button type="button" class="chip {severity.word}" data-severity="{severity.word}" aria-pressed="true">'
        f"{count} {severity.word}</button>"
        for severity, count in totals(findings).items()
        if count
    )
    headings = ("severity", "vulnerability", "package", "installed", "fixed in")
    return (
        f"<div data-findings><h3>{plural(len(findings), 'finding')}</h3>{bar(findings)}"
        f'<div class="tools">{chips}<input type="search" placeholder="Filter" aria-label="Filter findings">'
        f'<span class="meta" data-count></span></div>{table(headings, map(_finding, findings))}</div>'
    )


def _finding(finding: Finding) -> str:
    package = finding.package
    word = finding.severity.word
    score = f"<small>{finding.score:.1f}</small>" if finding.score is not None else ""
    place = package.locations[0].path if package.locations else ""
    base = "" if finding.in_base is None else " from the base" if finding.in_base else " from the application"
    rank = 9 - finding.severity + (10 - (finding.score or 0)) / 100
    return (
        f'<tr data-severity="{word}"><td class="{word}" data-sort="{rank:.3f}">{word}{score}</td>'
        f"<td>{link(finding.url, finding.id)}<small>{escape(finding.summary[:300])}</small></td>"
        f"<td>{escape(package.name)}<small>{escape(place)}{base}</small></td>"
        f"<td><code>{escape(package.version)}</code></td>"
        f"<td><code>{escape(', '.join(finding.fix_versions)) or '-'}</code></td></tr>"
    )


def _packages(packages: tuple[Package, ...]) -> str:
    if not packages:
        return ""
    rows = (
        f"<tr><td>{escape(package.name)}</td><td><code>{escape(package.version)}</code></td>"
        f"<td>{package.type.value}</td><td>{escape(', '.join(package.licenses))}</td>"
        f"<td><code>{escape(package.locations[0].path if package.locations else '')}</code></td></tr>"
        for package in packages
    )
    inner = table(("package", "version", "type", "licences", "found in"), rows)
    return f"<details><summary>{plural(len(packages), 'package')}</summary>{inner}</details>"


def _skips(skipped: tuple[Skipped, ...]) -> list[str]:
    return [f"<code>{escape(one.path)}</code>: {escape(one.reason)}" for one in skipped]


def _advisories(report: Report) -> str:
    if not report.advisories:
        return ""
    status = report.advisories
    return f'<p class="meta">Advisories of {escape(status.built_at)}, <code>{escape(status.digest)}</code></p>'
