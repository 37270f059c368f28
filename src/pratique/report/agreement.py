"""Where scanners disagree on an image: who has a finding and who hasn't, and how bad each says it is."""

from collections.abc import Iterable, Sequence

from pratique.model.finding import Finding
from pratique.report.importers.imported import SCANNER

OURS = "pratique"


def disagreements(findings: Iterable[Finding], scanners: Sequence[str]) -> tuple[tuple[Finding, str], ...]:
    """Findings that not all of `scanners` have, or that they rate differently, each with that in words."""
    named = sorted(set(scanners))
    return tuple((one, words) for one in findings if (words := _disagreement(one, named)))


def _disagreement(finding: Finding, scanners: Sequence[str]) -> str:
    told = sorted({_scanner(one.source) for one in finding.evidence} or {OURS})
    has = [name for name in told if name in scanners]
    if not has:
        return ""
    lacks = [name for name in scanners if name not in has]
    said = {_scanner(one.source): one.range.partition(",")[0] for one in finding.evidence}
    said |= {OURS: finding.severity.word} if OURS in has else {}
    words = {name: said[name] for name in has if name in said}
    rated = len(set(words.values()) - {"unknown"}) > 1
    parts = [f"found by {' and '.join(has)}, not by {' and '.join(lacks)}"] if lacks else []
    parts += [", ".join(f"{name} says {word}" for name, word in sorted(words.items()))] if rated else []
    return "; ".join(parts)


def _scanner(source: str) -> str:
    return source.removeprefix(SCANNER) if source.startswith(SCANNER) else OURS
