"""What every output format is made from."""

from collections.abc import Iterable

import msgspec

from pratique.model.advisory import Severity
from pratique.model.digest import Digest
from pratique.model.finding import Finding
from pratique.model.image import Image
from pratique.model.inventory import Inventory, Skipped
from pratique.model.verdict import Verdict


class Advisories(msgspec.Struct, frozen=True):
    """Which advisories were asked: the store's digest, and when it was built (RFC 3339)."""

    digest: Digest
    built_at: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One look at one target.

    `target` is what the user asked for. `advisories` is None where nobody looked for findings (an SBOM alone), so that
    "none found" and "not looked" stay apart. `unmatched` are packages that no advisory could be compared with.
    `scanners` are those whose findings are joined here, `pratique` among them where it looked; empty: it alone.
    `generated_at` is RFC 3339 in UTC to the second, with `Z`.
    """

    target: str
    inventory: Inventory
    image: Image | None = None
    findings: tuple[Finding, ...] = ()
    verdict: Verdict | None = None
    advisories: Advisories | None = None
    unmatched: tuple[Skipped, ...] = ()
    scanners: tuple[str, ...] = ()
    tool_version: str
    generated_at: str


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings as people read them: by severity, then score, then package and id."""
    return sorted(findings, key=lambda f: (-f.severity, -(f.score or 0.0), f.package.name, f.id, f.package.version))


def totals(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings of each severity, worst first, zeros included."""
    counts = dict.fromkeys(sorted(Severity, reverse=True), 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def totals_line(findings: Iterable[Finding]) -> str:
    """`3 findings: 1 critical, 2 low`."""
    counts = totals(findings)
    number = sum(counts.values())
    parts = ", ".join(f"{count} {severity.word}" for severity, count in counts.items() if count)
    return f"{number} finding{'' if number == 1 else 's'}" + (f": {parts}" if parts else "")
