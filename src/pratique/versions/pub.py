"""Pub's order (pub.dev/packages/pub_semver): SemVer, where build metadata does count, after all else.

So `1.2.3-dev < 1.2.3 < 1.2.3+1 < 1.2.3+2`.
"""

import re

from pratique.versions import semver

_ANY = semver.BUILD
_VERSION = re.compile(rf"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-({_ANY}))?(?:\+({_ANY}))?", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what pub would not read."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    return semver.precedence(match.group(1, 2, 3), match[4]) + (semver.identifiers(match[5]) if match[5] else b"")
