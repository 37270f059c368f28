"""Two reports side by side: packages added, removed, changed; findings fixed, new, remaining. Table, JSON, Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from pratique.model.finding import Finding
from pratique.report import markdown
from pratique.report.report import totals_line, worst_first
from pratique.report.text import one_line

SCHEMA_VERSION = "1.0"
_SHOWN = 50  # rows of a table; JSON has all


class PackageLine(msgspec.Struct, frozen=True):
    """A package by type and name, with the versions that only the old and only the new one has."""

    type: str
    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def what(self) -> str:
        """`added`, `removed` or `changed`."""
        return "changed" if self.old and self.new else "added" if self.new else "removed"


class Difference(msgspec.Struct, frozen=True):
    """What differs between two targets, each with its image's digest where it has one."""

    old: str
    new: str
    old_image: str
    new_image: str
    packages: tuple[PackageLine, ...]
    fixed: tuple[Finding, ...]
    new_findings: tuple[Finding, ...]
    remaining: tuple[Finding, ...]


def render_json(difference: Difference) -> bytes:
    """All of it as indented JSON with a versioned shape."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "old": {"target": difference.old, "image": difference.old_image or None},
        "new": {"target": difference.new, "image": difference.new_image or None},
        "packages": [{"change": line.what, **msgspec.structs.asdict(line)} for line in difference.packages],
        "fixed": [_finding(finding) for finding in worst_first(difference.fixed)],
        "new_findings": [_finding(finding) for finding in worst_first(difference.new_findings)],
        "remaining": [_finding(finding) for finding in worst_first(difference.remaining)],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def render_markdown(difference: Difference) -> bytes:
    """A summary for a pull request."""
    return ("\n".join(_markdown(difference)) + "\n").encode("utf-8", "replace")


def render_text(difference: Difference) -> str:
    """A summary for a terminal: one line each."""
    lines = [f"{difference.old} → {difference.new}", "", _packages_line(difference)]
    lines += [f"  {_SIGNS[line.what]} {line.name} {_move(line)}" for line in difference.packages[:_SHOWN]]
    lines += _more(len(difference.packages))
    for title, sign, findings in _parts(difference):
        lines += ["", f"{title}: {totals_line(findings)}"]
        if sign:
            lines += [f"  {sign} {_sentence(finding)}" for finding in worst_first(findings)[:_SHOWN]]
            lines += _more(len(findings))
    return "".join(one_line(line) + "\n" for line in lines)


_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


def _parts(difference: Difference) -> Iterator[tuple[str, str, Sequence[Finding]]]:
    yield "fixed", "-", difference.fixed
    yield "new", "+", difference.new_findings
    yield "remaining", "", difference.remaining


def _packages_line(difference: Difference) -> str:
    counts = {what: sum(1 for line in difference.packages if line.what == what) for what in _SIGNS}
    return "packages: " + ", ".join(f"{count} {what}" for what, count in counts.items())


def _move(line: PackageLine) -> str:
    return " → ".join(filter(None, (", ".join(line.old), ", ".join(line.new))))


def _sentence(finding: Finding) -> str:
    fix = f", fixed in {finding.fix_versions[0]}" if finding.fix_versions else ""
    return f"{finding.severity.word} {finding.id} in {finding.package.name} {finding.package.version}{fix}"


def _more(number: int) -> list[str]:
    return [f"  … and {number - _SHOWN} more"] if number > _SHOWN else []


def _markdown(difference: Difference) -> Iterator[str]:
    yield f"## {markdown.text(difference.old)} → {markdown.text(difference.new)}"
    yield ""
    yield _packages_line(difference)
    yield ""
    if difference.packages:
        rows = (
            (
                line.what,
                markdown.code(line.name),
                markdown.code(", ".join(line.old)),
                markdown.code(", ".join(line.new)),
            )
            for line in difference.packages[:_SHOWN]
        )
        yield from markdown.table(("change", "package", "old", "new"), rows)
        yield from _more_markdown(len(difference.packages))
        yield ""
    for title, sign, findings in _parts(difference):
        yield f"**{title.capitalize()}**: {totals_line(findings)}"
        yield ""
        if sign and findings:
            shown = worst_first(findings)[:_SHOWN]
            yield from markdown.table(markdown.FINDING_HEADINGS, map(markdown.finding_row, shown))
            yield from _more_markdown(len(findings))
            yield ""


def _more_markdown(number: int) -> Iterable[str]:
    return ("", f"… and {number - _SHOWN} more") if number > _SHOWN else ()


def _finding(finding: Finding) -> dict[str, Any]:
    package = finding.package
    return {
        "id": finding.id,
        "aliases": finding.aliases,
        "severity": finding.severity.word,
        "state": finding.state.value,
        "package": {"type": package.type.value, "name": package.name, "version": package.version, "purl": package.purl},
        "fix_versions": finding.fix_versions,
        "url": finding.url,
    }
