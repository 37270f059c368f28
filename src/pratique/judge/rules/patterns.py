"""Patterns as policies write them: `*` and `?`, whole words, upper and lower case told apart."""

import functools
import re
from collections.abc import Iterable
from fnmatch import translate

from pratique.model.inventory import Package


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> "re.Pattern[str]":
    return re.compile(translate(pattern))


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern covers all of a text."""
    return _compiled(pattern).match(text) is not None


def first_fitting(patterns: Iterable[str], text: str) -> str:
    """The first pattern that fits; empty where none does."""
    return next((pattern for pattern in patterns if fits(pattern, text)), "")


def first_of_package(patterns: tuple[str, ...], package: Package) -> str:
    """The first `[TYPE/]NAME[@VERSION]` that fits a package: `telnet*`, `npm/event-stream@3.3.6`, or empty.

    A name that has a slash or an @ of its own (`@scope/name`) is written with its type, or whole.
    """
    text = f"{package.type.value}/{package.name}@{package.version}"
    if not _of_packages(patterns).match(text):
        return ""
    return next(pattern for pattern in patterns if _of_packages((pattern,)).match(text))


@functools.lru_cache(maxsize=4096)
def _of_packages(patterns: tuple[str, ...]) -> "re.Pattern[str]":
    """One expression for all of them, for an image has many packages."""
    each = "|".join(re.sub(r"\\[Zz]$", "", translate(pattern)) for pattern in patterns)
    return re.compile(rf"(?:[a-z]+/)?(?:{each})(?:@[^@]*)?\Z")
