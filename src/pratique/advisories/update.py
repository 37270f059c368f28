"""`pratique db update`: every feed asked whether it has anything new, and the store built anew when one has.

A feed that is down, cut off or lying keeps its last good copy, and the store says so. `unchanged` is an ordinary
answer: then only the store's dates are brought up to date. Readers go on with the file that they have open.
"""

import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pratique.advisories import osv_bucket, parsers
from pratique.advisories.build import build, restate
from pratique.advisories.catalogue import Feed
from pratique.advisories.copies import Copies
from pratique.advisories.fetch import shown
from pratique.advisories.settings import Settings
from pratique.advisories.status import BuildReport, SourceInfo
from pratique.model.errors import NotFound, PratiqueError, Unavailable, UsageError


class UpdateReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an update did: what each feed is now, and what was built; None where nothing had changed."""

    sources: tuple[SourceInfo, ...]
    built: BuildReport | None = None


Says = Callable[[str], None]


def update(path: Path, settings: Settings, now: datetime, say: Says = lambda _: None) -> UpdateReport:
    """Bring the store at `path` up to date; the feeds' copies are kept in a folder beside it.

    `say` is told what is being done. Raises Unavailable when there is no store yet and a feed could not be fetched,
    and UsageError when the place can't be written or another update is at work.
    """
    folder = path.with_name(path.name + ".feeds")
    with _alone(folder):
        copies = Copies(folder, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        sources = []
        for feed in settings.feeds:
            say(f"{feed.name}: asking {shown(feed.url)}")
            sources.append(_source(feed, _asked(feed, settings, copies, say), copies))
            copies.save()
        wanted = tuple(sources)
        if not copies.changed and restate(path, wanted, now):
            return UpdateReport(wanted)
        missing = [source for source in wanted if not source.checked]
        if missing and not path.exists():
            raise Unavailable(
                f"cannot fetch {missing[0].name} for the first time: {missing[0].problem}",
                "try again, switch it off in the settings, or name a mirror",
            )
        say("building the store")
        return UpdateReport(wanted, _build(path, settings.feeds, copies, wanted, now))


def _asked(feed: Feed, settings: Settings, copies: Copies, say: Says) -> str:
    """Fetch what is new of a feed; why that was not possible, or nothing."""
    try:
        if feed.name == "osv":
            osv_bucket.refresh(feed.url, settings.ecosystems, copies, say)
        else:
            _files(feed, copies)
    except PratiqueError as error:
        say(f"{feed.name}: {error}")
        return str(error)[:300]
    return ""


def _files(feed: Feed, copies: Copies) -> None:
    """All of a feed's files, those that are gone left out; the first problem is raised when all have been asked."""
    problems: list[PratiqueError] = []
    for name, file in copies_of(feed):
        try:
            copies.refresh(name, f"{feed.url.rstrip('/')}/{file}" if file else feed.url, parsers.looker(feed, file))
        except NotFound as error:
            if not feed.files or copies.get(name):
                problems.append(error)
        except PratiqueError as error:
            problems.append(error)
    if problems:
        raise problems[0]
    if not any(copies.get(name) for name, _ in copies_of(feed)):
        raise NotFound(f"none of its files is at {shown(feed.url)}")


def copies_of(feed: Feed) -> list[tuple[str, str]]:
    """The names of a feed's copies, with what they are called below its address."""
    return [(f"{feed.name}/{file}", file) for file in feed.files] or [(f"{feed.name}/data", "")]


def _source(feed: Feed, problem: str, copies: Copies) -> SourceInfo:
    known = [copy for name in copies.below(feed.name) if (copy := copies.get(name))]
    return SourceInfo(
        name=feed.name,
        location=shown(feed.url),
        checked=min((copy.checked for copy in known), default=""),
        licence=feed.licence,
        problem=problem,
    )


def _build(
    path: Path, feeds: Sequence[Feed], copies: Copies, sources: Sequence[SourceInfo], now: datetime
) -> BuildReport:
    def records() -> Iterator[parsers.Record]:
        for feed in feeds:
            if feed.name == "osv":
                yield from osv_bucket.records(copies)
            else:
                yield from parsers.records(feed, _contents(feed, copies))

    priorities = parsers.priorities({feed.name: _contents(feed, copies) for feed in feeds})
    counted = tuple(
        msgspec.structs.replace(each, count=priorities.counts[each.name]) if each.name in priorities.counts else each
        for each in sources
    )
    return build(path, records(), counted, now, priorities=priorities.by_cve)


def _contents(feed: Feed, copies: Copies) -> Mapping[str, tuple[bytes, str]]:
    """The copies' contents, with when each was fetched."""
    known = ((file, copies.path(name), copies.get(name)) for name, file in copies_of(feed))
    return {file: (path.read_bytes(), copy.fetched) for file, path, copy in known if copy}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("wb")
    except OSError as error:
        raise UsageError(f"cannot write {folder}", error.strerror or str(error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another update is at work in {folder}", "wait until it has ended") from None
        yield
