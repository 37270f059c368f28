"""From locations of OSV data to a store: what `pratique db build --osv` asks for."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pratique.advisories import osv
from pratique.advisories.build import build
from pratique.advisories.sources import read
from pratique.advisories.status import BuildReport, SkippedRecord, SourceInfo
from pratique.model.advisory import Advisory


def build_from(
    path: Path, locations: Sequence[str | Path], now: datetime, *, ecosystems: Sequence[str] = ()
) -> BuildReport:
    """Read every location (see `sources.read`) and write the store at `path`.

    The feed is called `osv`, or `osv-1`, `osv-2` where there are several. Raises what `sources.read` and `build` raise;
    then nothing is written.
    """
    many = len(locations) > 1
    feeds = [
        SourceInfo(f"osv-{place}" if many else "osv", str(where)) for place, where in enumerate(locations, start=1)
    ]
    return build(path, _all(locations, feeds, ecosystems), feeds, now)


def _all(
    locations: Sequence[str | Path], feeds: Sequence[SourceInfo], ecosystems: Sequence[str]
) -> Iterator[Advisory | SkippedRecord]:
    for location, feed in zip(locations, feeds, strict=True):
        yield from osv.records(read(location, ecosystems=ecosystems), feed.name)
