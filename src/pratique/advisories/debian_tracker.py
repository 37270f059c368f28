"""Debian's security tracker (security-tracker.debian.org/tracker/data/json): source package → name → releases. Pure.

It knows what OSV's export leaves out: why there is no fix. `unimportant` and `end-of-life` are urgencies; `no-dsa`,
`postponed` and `ignored` are decisions of the security team. What is `undetermined` nobody has judged, and is left out.
"""

from collections.abc import Iterator

import msgspec

from pratique.advisories.severity import of_word
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Affected, Range
from pratique.model.errors import InvalidData

RELEASES = {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15"}
_URGENCIES = frozenset({"unimportant", "end-of-life"})


class _Release(msgspec.Struct):
    status: str
    fixed_version: str = ""
    urgency: str = ""
    nodsa: str | None = None
    nodsa_reason: str | None = None


class _Issue(msgspec.Struct):
    releases: dict[str, _Release]
    description: str = ""


_PACKAGES = msgspec.json.Decoder(dict[str, dict[str, msgspec.Raw]])
_ISSUE = msgspec.json.Decoder(_Issue)


def parse(data: bytes, source: str, modified: str) -> Iterator[Advisory | SkippedRecord]:
    """One record for each name, with all its packages and releases; `modified` (RFC 3339) is the feed's time.

    Raises InvalidData when it isn't the tracker's file at all.
    """
    try:
        packages = _PACKAGES.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData("not the Debian security tracker's data", str(error)[:150]) from error
    found: dict[str, tuple[str, list[Affected]]] = {}
    for package, issues in packages.items():
        for name, raw in issues.items():
            try:
                issue = _ISSUE.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                yield SkippedRecord(f"{name[:60]} in {package[:60]}", str(error)[:150])
                continue
            _, affected = found.setdefault(name, (issue.description, []))
            affected += _affected(package, issue)
    for name, (description, affected) in found.items():
        yield _advisory(name, description, affected, source, modified)


def _advisory(name: str, description: str, affected: list[Affected], source: str, modified: str) -> Advisory:
    return Advisory(
        id=f"DEBIAN-TRACKER-{name}",
        source=source,
        aliases=(name,),
        summary=" ".join(description[:400].split())[:200],
        affected=tuple(affected),
        modified=modified,
        url=f"https://security-tracker.debian.org/tracker/{name}",
    )


def _affected(package: str, issue: _Issue) -> Iterator[Affected]:
    for codename, release in issue.releases.items():
        number = RELEASES.get(codename)
        if number is None or release.status not in {"open", "resolved"}:
            continue
        resolved = release.status == "resolved"
        yield Affected(
            f"Debian:{number}",
            package,
            (Range("0", fixed=(release.fixed_version or "0") if resolved else ""),),
            severity=of_word(release.urgency),
            state="" if resolved else _state(release),
        )


def _state(release: _Release) -> str:
    """Why there is no fix, in the tracker's own word."""
    if release.urgency in _URGENCIES:
        return release.urgency
    if release.nodsa is None:
        return "open"
    return release.nodsa_reason or "no-dsa"
