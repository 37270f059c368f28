"""OSV's bucket kept current: a zip for each ecosystem once, then only the records that `modified_id.csv` names."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from pratique.advisories import osv, sources
from pratique.advisories.copies import Copies
from pratique.advisories.fetch import shown
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory
from pratique.model.errors import InvalidData, NotFound

SOURCE = "osv"
_MOST_CHANGED = 300  # more changed records than this, and the zip is quicker
_CSV_LIMIT = 256 << 20  # bytes

Says = Callable[[str], None]


def refresh(url: str, ecosystems: Sequence[str], copies: Copies, say: Says) -> None:
    """Make the copies of these ecosystems current, of all that the bucket lists when none are named."""
    if ecosystems:
        names = sources.bases(ecosystems)
    else:
        copies.refresh(f"{SOURCE}.list/ecosystems.txt", f"{url}/ecosystems.txt", _lines)
        names = sources.bases(copies.path(f"{SOURCE}.list/ecosystems.txt").read_text("utf-8", "replace").splitlines())
    for gone in sorted({name.split("/")[1] for name in copies.below(SOURCE)} - set(names)):
        for name in copies.below(f"{SOURCE}/{gone}"):
            copies.forget(name)
        copies.changed = True
    for name in names:
        _ecosystem(f"{url}/{quote(name)}", f"{SOURCE}/{name}", copies, say)


def records(copies: Copies) -> Iterator[Advisory | SkippedRecord]:
    """The records of all copies: the zips', and those that changed since."""
    for name in copies.below(SOURCE):
        if name.endswith((".zip", ".json")):
            yield from osv.records(sources.read(copies.path(name)), SOURCE)


def _ecosystem(url: str, name: str, copies: Copies, say: Says) -> None:
    whole, listed = f"{name}/all.zip", f"{name}/modified_id.csv"
    before = copies.get(whole)
    try:
        news = copies.refresh(listed, f"{url}/modified_id.csv", _lines)
    except NotFound:  # a mirror without it: the zip's own validators say whether it changed
        _whole(url, name, copies, say)
        return
    newest, changed = _changes(copies.path(listed), before.newest if before else "")
    if before is None or len(changed) > _MOST_CHANGED or (changed and not _records(url, name, changed, copies)):
        _whole(url, name, copies, say)
    elif news:
        say(f"{name}: {len(changed)} records changed")
    for part in copies.below(name):
        copies.note(part, checked=copies.now)
    copies.note(whole, newest=newest)


def _whole(url: str, name: str, copies: Copies, say: Says) -> None:
    say(f"{name}: fetching all of it")
    copies.refresh(f"{name}/all.zip", f"{url}/all.zip", _zipped)
    for part in copies.below(f"{name}/changed"):
        copies.forget(part)


def _changes(path: Path, since: str) -> tuple[str, list[str]]:
    """The newest time in the list, and the ids changed after `since`; the list is in order, newest first."""
    newest, changed = since, []
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            time, _, identity = line.strip().partition(",")
            if not since or time <= since:
                newest = max(newest, time)
                break
            newest = max(newest, time)
            changed.append(identity.rpartition("/")[2])
            if len(changed) > _MOST_CHANGED:
                break
    return newest, changed


def _records(url: str, name: str, changed: Sequence[str], copies: Copies) -> bool:
    """Fetch single records; False where the bucket has none of one."""

    def one(path: Path) -> int:
        osv.parse(path.read_bytes(), SOURCE, path.name)
        return 1

    for identity in changed:
        if "/" in identity or "\\" in identity or not identity.isprintable() or identity.startswith("."):
            raise InvalidData(f"not a record's id: {identity[:80]!r}", f"in modified_id.csv of {shown(url)}")
        try:
            copies.refresh(f"{name}/changed/{identity}.json", f"{url}/{quote(identity)}.json", one)
        except NotFound:
            return False
    return True


def _lines(path: Path) -> int:
    if path.stat().st_size > _CSV_LIMIT:
        raise InvalidData(f"too large: {path.name}", f"at most {_CSV_LIMIT:,} bytes")
    with path.open("rb") as file:
        found = sum(1 for line in file if line.strip())
    if not found:
        raise InvalidData(f"an empty list: {path.name}")
    return found


def _zipped(path: Path) -> int:
    """How many records a zip holds, when it is sound: every one is read (CRC), the first is understood."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            found = sum(1 for name in archive.namelist() if name.endswith(".json"))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidData("not a sound zip of OSV records", str(error)[:200]) from error
    if damaged or not found:
        raise InvalidData("not a sound zip of OSV records", f"damaged: {damaged[:80]}" if damaged else "it is empty")
    if not any(isinstance(each, Advisory) for each in _first(path)):
        raise InvalidData("not a zip of OSV records", "none of its first records is one")
    return found


def _first(path: Path) -> Iterator[Advisory | SkippedRecord]:
    for place, each in enumerate(osv.records(sources.read(path), SOURCE)):
        if place >= 50:
            return
        yield each
