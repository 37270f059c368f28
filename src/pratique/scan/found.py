"""What a parser of one package format hands back, and small helpers that all of them share."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from pratique.model.inventory import PackageType, Source

MEGABYTE = 1024 * 1024


class Found(msgspec.Struct, frozen=True, gc=False):
    """One package as its file declares it; `name` is the one that advisories use (maven: `group:artifact`).

    `inside` is the path within the file, for archives in archives. `declares` are the files that a package of the
    system brought and that may declare packages of a language. `vendor` and `modularity` are RPM's. `maintained` is
    False for a package that somebody else than the distribution made, in its format.
    """

    type: PackageType
    name: str
    version: str
    architecture: str = ""
    source: Source | None = None
    licenses: tuple[str, ...] = ()
    vendor: str = ""
    modularity: str = ""
    maintained: bool = True
    inside: str = ""
    declares: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Something in a file that could not be understood; the rest of the file may be fine."""

    reason: str


Parsed: TypeAlias = Iterator[Found | Problem]
Items: TypeAlias = tuple[Found | Problem, ...]


class Format(NamedTuple):
    """One package format: which paths it wants, of at most `limit` bytes, and how their content is read.

    `parse(path, content)` raises nothing: what it cannot understand it yields as a Problem. `at_once` is for large
    files: they are parsed while their layer is read, and only what was found is kept.
    """

    name: str
    wanted: Callable[[str], bool]
    parse: Callable[[str, bytes], Parsed]
    limit: int
    at_once: bool = False


_MOST = 200_000  # packages of one file: no database is larger, and a made-up one must not fill the memory


def bounded(parsed: Parsed) -> Parsed:
    """The items, up to a number that no real file comes near."""
    for number, item in enumerate(parsed):
        if number == _MOST:
            yield Problem(f"more than {_MOST} packages; the rest was left out")
            return
        yield item


def text_of(content: bytes) -> str:
    """The content as text; bytes that aren't UTF-8 become U+FFFD."""
    return content.decode("utf-8", "replace").removeprefix("\ufeff")


def proper(text: str, limit: int = 256) -> bool:
    """Whether this can be a name or version: short, printable, no spaces."""
    return 0 < len(text) <= limit and text.isprintable() and " " not in text


def cut(text: str) -> str:
    """The text as a message can show it."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
