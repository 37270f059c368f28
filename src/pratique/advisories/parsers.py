"""Which parser reads which feed, and what its files are about. Bytes in, records out."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from pratique.advisories import debian_tracker, epss, kev, oval, secdb
from pratique.advisories.catalogue import Feed
from pratique.advisories.status import Priority, SkippedRecord
from pratique.model.advisory import Advisory
from pratique.model.errors import InvalidData

Record = Advisory | SkippedRecord
Contents = Mapping[str, tuple[bytes, str]]
"""File name → its bytes and when it was fetched (RFC 3339)."""

_OVAL = re.compile(r"(azurelinux|cbl-mariner)-(\d+)\.\d+-oval\.xml(?:\.gz)?")
_MICROSOFT = {"azurelinux": ("Azure Linux", "AZURE-LINUX"), "cbl-mariner": ("CBL-Mariner", "CBL-MARINER")}
_SECDBS = {
    "alpine-secdb": ("Alpine", "ALPINE-SECDB"),
    "wolfi-secdb": ("Wolfi", "WOLFI-SECDB"),
    "chainguard-secdb": ("Chainguard", "CHAINGUARD-SECDB"),
}


class Priorities(msgspec.Struct, frozen=True):
    """What the feeds know of exploitation, by CVE, and how many each of them named."""

    by_cve: Mapping[str, Priority]
    counts: Mapping[str, int]


def records(feed: Feed, contents: Contents) -> Iterator[Record]:
    """A feed's advisories. Raises InvalidData for a file that isn't what the feed publishes."""
    newest = max((fetched for _, fetched in contents.values()), default="")
    if feed.name in _SECDBS:
        ecosystem, prefix = _SECDBS[feed.name]
        files = ((name or feed.name, _release(ecosystem, name), data) for name, (data, _) in contents.items())
        yield from secdb.parse(files, feed.name, prefix, newest)
    elif feed.name == "debian-tracker":
        for data, fetched in contents.values():
            yield from debian_tracker.parse(data, feed.name, fetched)
    elif feed.name == "azure-linux":
        for name, (data, _) in contents.items():
            ecosystem, prefix = _microsoft(name)
            yield from oval.parse(data, ecosystem, feed.name, prefix)


def priorities(contents: Mapping[str, Contents]) -> Priorities:
    """The scores of FIRST and the catalogue of CISA, as far as they are among the feeds."""
    scores = {cve: score for data, _ in contents.get("epss", {}).values() for cve, score in epss.parse(data)}
    known = {cve for data, _ in contents.get("kev", {}).values() for cve in kev.parse(data)}
    found = {cve: Priority(score, cve in known) for cve, score in scores.items()}
    found |= {cve: Priority(None, True) for cve in known - scores.keys()}
    counts = {"epss": len(scores), "kev": len(known)}
    return Priorities(found, {name: count for name, count in counts.items() if name in contents})


def looker(feed: Feed, file: str) -> Callable[[Path], int]:
    """What says how many records a newly fetched file holds; it raises InvalidData when that is none."""

    def look(path: Path) -> int:
        contents = {file: (path.read_bytes(), "")}
        if feed.name in {"epss", "kev"}:
            found = len(priorities({feed.name: contents}).by_cve)
        else:
            found = sum(1 for each in records(feed, contents) if isinstance(each, Advisory))
        if not found and feed.name not in _SECDBS:
            raise InvalidData(f"no records in {file or feed.name}")
        return found

    return look


def _release(ecosystem: str, name: str) -> str:
    release = name.partition("/")[0]
    return f"{ecosystem}:{release}" if ecosystem == "Alpine" and release else ecosystem


def _microsoft(name: str) -> tuple[str, str]:
    match = _OVAL.fullmatch(name)
    if match is None:
        raise InvalidData(f"not a file of Azure Linux: {name[:80]!r}", "they are named azurelinux-3.0-oval.xml")
    ecosystem, prefix = _MICROSOFT[match[1]]
    return f"{ecosystem}:{match[2]}", f"{prefix}-{match[2]}"
