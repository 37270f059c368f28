"""rpm's order (rpm-version(7), rpmio/rpmvercmp.c): `[epoch:]version[-release]`, for all distributions built on rpm.

Version and release are runs of digits and runs of letters; all else only divides them. `~` sorts before the end, the
end before `^`, `^` before letters, letters before numbers. A missing epoch is 0; a missing release sorts first.
"""

import re

from pratique.versions import numbers

_EVR = re.compile(
    r"(?:(?P<epoch>[0-9]{1,10}):)?(?P<version>[A-Za-z0-9._+%{}~^]+)(?:-(?P<release>[A-Za-z0-9._+%{}~^]+))?", re.ASCII
)
_TOKENS = re.compile(r"[~^]|[0-9]+|[A-Za-z]+", re.ASCII)

_TILDE, _END, _CARET, _LETTERS, _DIGITS = (bytes([kind]) for kind in range(1, 6))
_MARKS = {"~": _TILDE, "^": _CARET}


def encode(version: str) -> bytes | None:
    """The key of a version, or None where rpm would not build a package of it."""
    match = _EVR.fullmatch(version.strip())
    if match is None:
        return None
    release = match["release"]
    return numbers.encode(match["epoch"] or "") + _part(match["version"]) + (_part(release) if release else b"")


def _part(text: str) -> bytes:
    return b"".join(map(_token, _TOKENS.findall(text))) + _END


def _token(token: str) -> bytes:
    if mark := _MARKS.get(token):
        return mark
    return _DIGITS + numbers.encode(token) if token[0].isdigit() else _LETTERS + token.encode() + b"\0"
