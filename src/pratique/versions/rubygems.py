"""RubyGems' order (Gem::Version#<=>): numbers and words; a word makes a pre-release and sorts before every number.

`-` is `.pre.`; zeros at the end of the numbers, and at the end, don't count: `1.0.a = 1.a`, `1.0.0 = 1`.
"""

import re

from pratique.versions import numbers

_VERSION = re.compile(r"[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_SEGMENTS = re.compile(r"[0-9]+|[a-zA-Z]+", re.ASCII)

# Where versions differ, a missing segment is 0: so zeros before a word sort before the end, and before a number after.
_WORD, _ZERO_BEFORE_WORD, _END, _NUMBER = (bytes([kind]) for kind in range(1, 5))


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what RubyGems would not read."""
    version = version.strip()
    if not _VERSION.fullmatch(version):
        return None
    segments: list[str] = _SEGMENTS.findall(version.replace("-", ".pre."))
    first = next((at for at, segment in enumerate(segments) if not segment.isdigit()), len(segments))
    out, below = [_END], False
    for segment in reversed(_trimmed(segments[:first]) + _trimmed(segments[first:])):
        if not segment.isdigit():
            out.append(_WORD + segment.encode() + b"\0")
            below = True
        elif segment.strip("0"):
            out.append(_NUMBER + numbers.encode(segment))
            below = False
        else:
            out.append(_ZERO_BEFORE_WORD if below else _NUMBER + numbers.encode(""))
    return b"".join(reversed(out))


def _trimmed(segments: list[str]) -> list[str]:
    while segments and segments[-1].isdigit() and not segments[-1].strip("0"):
        segments = segments[:-1]
    return segments
