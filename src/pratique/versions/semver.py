"""SemVer 2.0's order (semver.org, items 9 to 11), strictly read: crates.io, Hex and the others that have it as it is.

Build metadata doesn't count. Ecosystems that differ from it in what they read build on `precedence`.
"""

import re

from pratique.versions import numbers

NUMBER = r"(?:0|[1-9][0-9]*)"
IDENTIFIER = rf"(?:{NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
PRERELEASE = rf"{IDENTIFIER}(?:\.{IDENTIFIER})*"
BUILD = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"

_VERSION = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRERELEASE}))?(?:\+{BUILD})?", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what isn't exactly SemVer."""
    match = _VERSION.fullmatch(version)
    return precedence(match.group(1, 2, 3), match[4]) if match else None


def precedence(release: tuple[str, ...], prerelease: str | None) -> bytes:
    """The key of numbers and a pre-release; without one, a version sorts after all its pre-releases."""
    head = b"".join(map(numbers.encode, release))
    return head + (b"\1" if prerelease is None else b"\0" + identifiers(prerelease))


def identifiers(text: str) -> bytes:
    """Identifiers with dots between them: numbers before words, fewer before more."""
    return (
        b"".join(b"\1" + numbers.encode(i) if i.isdigit() else b"\2" + i.encode() + b"\0" for i in text.split("."))
        + b"\0"
    )
