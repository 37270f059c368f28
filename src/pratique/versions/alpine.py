"""apk's order, for Alpine, Wolfi and Chainguard: `1.2.3a_rc1_p2~c0ffee-r4`.

A version is a row of tokens, `digits{.digits}{letter}{_suffix{digits}}{~commit}{-rdigits}`, compared one by one as
apk-tools 3 does (src/version.c). Where two versions differ in the kind of token, a pre-release suffix comes first, then
the end, then revision, commit, suffix number, later suffix, letter and number. The first number is a number; in later
ones a leading zero makes it sort as text. Digits after a letter (`5.1p1`) are apk-tools 2's, still found in older
releases, and sort as it sorted them.
"""

import re

from pratique.versions import numbers

_SUFFIXES = {name: place for place, name in enumerate(["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"])}
_FIRST_LATER = _SUFFIXES["cvs"]

_VERSION = re.compile(
    r"(?P<first>[0-9]+)(?P<numbers>(?:\.[0-9]+|[a-z][0-9]+)*)(?P<letter>[a-z]?)"
    r"(?P<suffixes>(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~(?P<commit>[0-9a-f]+))?(?:-r(?P<revision>[0-9]+))?",
    re.ASCII,
)
_NUMBER = re.compile(r"([.a-z])([0-9]+)")
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")

# What kind of token it is, in the order in which they sort against each other.
_EARLIER, _END, _REVISION, _COMMIT, _SUFFIX_NUMBER, _LATER, _LETTER, _DIGITS = (bytes([kind]) for kind in range(1, 9))


def encode(version: str) -> bytes | None:
    """The key of a version, or None where apk-tools (2 and 3) call it invalid."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    out = [numbers.encode(match["first"])]
    out += [_number(mark, digits) for mark, digits in _NUMBER.findall(match["numbers"])]
    out += [_LETTER + match["letter"].encode()] if match["letter"] else []
    out += [_suffix(name, digits) for name, digits in _SUFFIX.findall(match["suffixes"])]
    out += [_COMMIT + match["commit"].encode() + b"\0"] if match["commit"] else []
    out += [_REVISION + numbers.encode(match["revision"])] if match["revision"] else []
    return b"".join(out) + _END


def _number(mark: str, digits: str) -> bytes:
    if mark != ".":
        return _LETTER + mark.encode() + _DIGITS + numbers.encode(digits)
    if digits[0] == "0":
        return _DIGITS + b"\0" + digits.encode() + b"\0"
    return _DIGITS + b"\1" + numbers.encode(digits)


def _suffix(name: str, digits: str) -> bytes:
    place = _SUFFIXES[name]
    kind = _EARLIER if place < _FIRST_LATER else _LATER
    return kind + bytes([place]) + (_SUFFIX_NUMBER + numbers.encode(digits) if digits else b"")
