"""From locations of OSV data to a store: what `pratique db build --osv` asks for."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pratique.advisories import osv
from pratique.advisories.build import build
from pratique.advisories.fetch import shown
from pratique.advisories.sources import read
from pratique.advisories.status import BuildReport, SkippedRecord, SourceInfo
from pratique.model.advisory import Advisory
from pratique.model.errors import InvalidData


def build_from(
    path: Path, locations: Sequence[str | Path], now: datetime, *, ecosystems: Sequence[str] = ()
) -> BuildReport:
    """Read every location (see `sources.read`) and write the store at `path`.

    The feed is called `osv`, or `osv-1`, `osv-2` where there are several. Raises what `sources.read` and `build` raise,
    and InvalidData when a location holds no sound record at all (an empty store would call every image well); then
    nothing is written.
    """
    many = len(locations) > 1
    feeds = [
        SourceInfo(f"osv-{place}" if many else "osv", shown(str(where)))
        for place, where in enumerate(locations, start=1)
    ]
    return build(path, _all(locations, feeds, ecosystems), feeds, now)


def _all(
    locations: Sequence[str | Path], feeds: Sequence[SourceInfo], ecosystems: Sequence[str]
) -> Iterator[Advisory | SkippedRecord]:
    for location, feed in zip(locations, feeds, strict=True):
        sound = 0
        for each in osv.records(read(location, ecosystems=ecosystems), feed.name):
            sound += isinstance(each, Advisory)
            yield each
        if not sound:
            raise InvalidData(
                f"no OSV records at {feed.location}", "give OSV's export: a zip, a folder or a bucket's URL"
            )
