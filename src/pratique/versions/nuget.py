"""NuGet's order (learn.microsoft.com/nuget/concepts/package-versioning): SemVer with up to four numbers.

Missing numbers are zero, so `1.0 = 1.0.0.0`; pre-release words compare without regard to case; metadata doesn't count.
"""

import re

from pratique.versions import numbers, semver

_MAX = 2**31 - 1
_VERSION = re.compile(
    rf"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({semver.BUILD}))?(?:\+{semver.BUILD})?", re.ASCII
)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what NuGet would not read."""
    match = _VERSION.fullmatch(version.strip())
    if match is None or any(int(part or 0) > _MAX for part in match.group(1, 2, 3, 4)):
        return None
    release = tuple(part or "0" for part in match.group(1, 2, 3, 4))
    return b"".join(map(numbers.encode, release)) + _prerelease(match[5])


def _prerelease(text: str | None) -> bytes:
    return b"\1" if text is None else b"\0" + semver.identifiers(text.upper())
