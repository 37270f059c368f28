"""What a parser of one package format hands back, and small helpers that all of them share."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from pratique.model.inventory import PackageType, Source

MEGABYTE = 1024 * 1024


class Found(msgspec.Struct, frozen=True, gc=False):
    """One package as its file declares it; `name` is the one that advisories use."""

    type: PackageType
    name: str
    version: str
    architecture: str = ""
    source: Source | None = None
    licenses: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """Something in a file that could not be understood; the rest of the file may be fine."""

    reason: str


Parsed: TypeAlias = Iterator[Found | Problem]


class Format(NamedTuple):
    """One package format: which paths it wants, of at most `limit` bytes, and how their content is read.

    `parse(path, content)` raises nothing: what it cannot understand it yields as a Problem.
    """

    name: str
    wanted: Callable[[str], bool]
    parse: Callable[[str, bytes], Parsed]
    limit: int


def text_of(content: bytes) -> str:
    """The content as text; bytes that aren't UTF-8 become U+FFFD."""
    return content.decode("utf-8", "replace").removeprefix("\ufeff")


def proper(text: str, limit: int = 256) -> bool:
    """Whether this can be a name or version: short, printable, no spaces."""
    return 0 < len(text) <= limit and text.isprintable() and " " not in text


def cut(text: str) -> str:
    """The text as a message can show it."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
