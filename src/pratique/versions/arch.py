"""pacman's order (vercmp(8), libalpm's version.c): `[epoch:]version-release`, like rpm's but separators count.

`1.0a < 1.0 < 1.0.a < 1.0.1`: letters that follow at once sort before the end, and more separators sort after fewer.
Versions that begin or end with a separator, and those without a release, have no consistent place and are refused.
"""

import re

from pratique.versions import numbers

_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._+~^]*[A-Za-z0-9])?"
_VERSION = re.compile(rf"(?:(?P<epoch>[0-9]{{1,10}}):)?(?P<version>{_PART})-(?P<release>[0-9]+(?:\.[0-9]+)?)", re.ASCII)
_TOKENS = re.compile(r"([._+~^]*)([0-9]+|[A-Za-z]+)", re.ASCII)

_LETTERS_AT_ONCE, _END, _DIGITS_AT_ONCE, _SEPARATED = (bytes([kind]) for kind in range(1, 5))


def encode(version: str) -> bytes | None:
    """The key of a version, or None where makepkg would not build a package of it."""
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    return numbers.encode(match["epoch"] or "") + _part(match["version"]) + _part(match["release"])


def _part(text: str) -> bytes:
    return b"".join(_token(*token) for token in _TOKENS.findall(text)) + _END


def _token(separators: str, text: str) -> bytes:
    digits = text[0].isdigit()
    body = numbers.encode(text) if digits else text.encode() + b"\0"
    if not separators:
        return (_DIGITS_AT_ONCE if digits else _LETTERS_AT_ONCE) + body
    return _SEPARATED + numbers.encode(str(len(separators))) + (b"\2" if digits else b"\1") + body
