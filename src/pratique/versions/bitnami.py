"""Bitnami's order (github.com/bitnami/go-version): SemVer, but what follows the dash is a package's revision.

So `1.2.3 < 1.2.3-0 < 1.2.3-10 < 1.2.3-rc.1`: nothing is a pre-release. Missing numbers are read as zero, because a
few records leave them out.
"""

import re

from pratique.versions import numbers, semver

_N = r"[0-9]+"  # dates have zeros in front: 2024.03.30
_VERSION = re.compile(rf"({_N})(?:\.({_N}))?(?:\.({_N}))?(?:-({semver.PRERELEASE}))?(?:\+{semver.BUILD})?", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what isn't one."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    head = b"".join(numbers.encode(part or "0") for part in match.group(1, 2, 3))
    return head + (b"\0" if match[4] is None else b"\1" + semver.identifiers(match[4]))
