"""What rules on licences share: how a package's licences are taken apart."""

import re

from pratique.judge.rules.patterns import first_fitting
from pratique.model.inventory import Package

_OR = re.compile(r"\s+(?:OR|or|\|)\s+")
_AND = re.compile(r"\s+(?:AND|and|WITH|with|&)\s+|\s*,\s*")


def choices(package: Package) -> tuple[tuple[str, ...], ...]:
    """The licences of a package: all entries hold, each is a choice of alternatives (`MIT OR Apache-2.0`).

    Parentheses are dropped: `MIT AND (A OR B)` is read as `MIT AND A` or `B`, which for a denied list errs to strict.
    """
    flat = [text.replace("(", " ").replace(")", " ").strip() for text in package.licenses]
    return tuple(tuple(part.strip() for part in _OR.split(text) if part.strip()) for text in flat if text)


def terms(alternative: str) -> tuple[str, ...]:
    """The licences that hold together in one alternative: `MIT AND BSD-3-Clause`."""
    return tuple(part.strip() for part in _AND.split(alternative) if part.strip())


def best(alternatives: tuple[str, ...], patterns: tuple[str, ...], *, wanted: bool) -> tuple[str, str] | None:
    """None where one alternative is fine; else a term at fault of the first, with the pattern that fits it.

    `wanted` patterns must fit every term of an alternative, unwanted ones none.
    """
    problem: tuple[str, str] | None = None
    for alternative in alternatives:
        bad = [(term, first_fitting(patterns, term)) for term in terms(alternative)]
        bad = [(term, pattern) for term, pattern in bad if bool(pattern) is not wanted]
        if not bad:
            return None
        problem = problem or bad[0]
    return problem
