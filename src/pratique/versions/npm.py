"""SemVer 2.0's order (semver.org, item 11) with the leniency of npm's own parser ("loose").

So `v1.2.3`, `= 1.2.3`, `1.02.3` and `1.2.3beta` are versions; build metadata is ignored; two numbers are not a version.
"""

import re

from pratique.versions import semver

_LIMIT = 256  # characters, npm's own
_MAX = 2**53 - 1  # a larger part is no version to npm

_IDENTIFIER = r"(?:[0-9]+|[0-9]*[A-Za-z-][A-Za-z0-9-]*)"
_VERSION = re.compile(
    rf"[v=\s]*([0-9]+)\.([0-9]+)\.([0-9]+)(?:-?({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


def encode(version: str) -> bytes | None:
    """The key of a version, or None where npm would not take it."""
    version = version.strip()
    match = _VERSION.fullmatch(version) if len(version) <= _LIMIT else None
    if match is None or any(int(part) > _MAX for part in match.group(1, 2, 3)):
        return None
    return semver.precedence(match.group(1, 2, 3), match[4])
