"""Which feeds are asked, and where: one TOML file, or a mirror's address alone. Pure.

mirror = "https://mirror.example.com/advisories"     # each feed below it, at its `path` in the catalogue

[feeds.osv]
ecosystems = ["Debian", "PyPI"]                      # without it, all that the bucket lists

[feeds.alpine-secdb]
files = ["v3.22/main.json", "v3.22/community.json"]

[feeds.wolfi-secdb]
enabled = true                                       # off by default: see its terms
url = "https://mirror.example.com/wolfi.json"
"""

import tomllib
from collections.abc import Sequence

import msgspec

from pratique.advisories.catalogue import FEEDS, NAMES, Feed
from pratique.model.errors import UsageError


class Settings(msgspec.Struct, frozen=True):
    """The feeds that are asked, with their addresses; `ecosystems` are OSV's, none for all that it lists."""

    feeds: tuple[Feed, ...]
    ecosystems: tuple[str, ...] = ()


class _Feed(msgspec.Struct, forbid_unknown_fields=True):
    enabled: bool | None = None
    url: str = ""
    files: list[str] | None = None
    ecosystems: list[str] = []


class _File(msgspec.Struct, forbid_unknown_fields=True):
    mirror: str = ""
    feeds: dict[str, _Feed] = {}


def read(data: bytes = b"", name: str = "", *, mirror: str = "", feeds: Sequence[str] = ()) -> Settings:
    """The settings in a file's bytes; `mirror` and `feeds` (names, none for all that are on) win over it.

    Raises UsageError that names the file and what is wrong in it.
    """
    try:
        given = msgspec.convert(tomllib.loads(data.decode()), type=_File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"{name}: not settings of feeds", str(error)[:200]) from error
    unknown = sorted((set(given.feeds) | set(feeds)) - set(NAMES))
    if unknown:
        raise UsageError(f"not a feed: {unknown[0][:80]!r}", "they are " + ", ".join(NAMES))
    base = (mirror or given.mirror).rstrip("/")
    chosen = tuple(_feed(feed, given.feeds.get(feed.name) or _Feed(), base, feeds) for feed in FEEDS)
    asked = tuple(feed for feed in chosen if feed.enabled)
    if not asked:
        raise UsageError("no feed is switched on", "leave one of them enabled: " + ", ".join(NAMES))
    return Settings(asked, tuple((given.feeds.get("osv") or _Feed()).ecosystems))


def _feed(feed: Feed, given: _Feed, mirror: str, wanted: Sequence[str]) -> Feed:
    url = given.url or (f"{mirror}/{feed.path}" if mirror else feed.url)
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"not an address of {feed.name}: {url[:100]!r}", "write it as https://host/path")
    files = feed.files if given.files is None else tuple(given.files)
    for file in files:
        if file.startswith("/") or ".." in file.split("/") or not file.isprintable() or "\\" in file:
            raise UsageError(f"not a file of {feed.name}: {file[:80]!r}", "a path below the feed's address")
    on = feed.enabled if given.enabled is None else given.enabled
    return msgspec.structs.replace(feed, url=url, files=files, enabled=feed.name in wanted if wanted else on)
