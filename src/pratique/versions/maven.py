"""Maven's order (maven.apache.org/pom.html#version-order-specification; maven-artifact's ComparableVersion 3.8).

A version is a list of numbers, words and lists; a dash, and a change between digits and letters, opens a list inside.
Zeros and empty words at a list's end don't count: `1.0.0-ga = 1`. Maven's comparison has cycles (`1.sp < 1-alpha < 1 <
1.sp`), so no order can repeat all of it: what follows is equal to it wherever pre-release words stay pre-releases.
"""

import re

from pratique.versions import numbers

_VERSION = re.compile(r"[!-~]+", re.ASCII)
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}  # only where a digit follows
_QUALIFIERS = ("alpha", "beta", "milestone", "rc", "snapshot", "", "sp")
_RELEASE = _QUALIFIERS.index("")
_TOKENS = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")
_MARKS = (".", "-")

Item = str | list["Item"]  # digits, a word (lower case), or a list

_EARLY_WORD, _EARLY_LIST, _EARLY_ZERO, _END, _LATE_WORD, _LATE_LIST, _NUMBER = (bytes([kind]) for kind in range(1, 8))


def encode(version: str) -> bytes | None:
    """The key of a version; None for what holds spaces, control characters or letters that aren't ASCII."""
    return _list(_parse(version.lower())) if _VERSION.fullmatch(version) else None


def _parse(version: str) -> list[Item]:
    """The nested lists, as ComparableVersion reads them."""
    items: list[Item] = []
    inner, stack = items, [items]
    tokens: list[str] = _TOKENS.findall(version)
    for at, text in enumerate(tokens):
        before = tokens[at - 1] if at else "."
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if text in _MARKS:
            if before in _MARKS:  # nothing between two marks is a zero
                inner.append("0")
            if text == "-":
                inner = _open(inner, stack)
        elif text.isdigit():
            inner.append(text.lstrip("0") or "0")
            if after and after not in _MARKS:
                inner = _open(inner, stack)
        else:
            digit = after.isdigit()
            if inner and (digit or not after):
                inner = _open(inner, stack)
            inner.append(_word(text, digit))
            if digit:
                inner = _open(inner, stack)
    for each in reversed(stack):
        _normalise(each)
    return items


def _open(outer: list[Item], stack: list[list[Item]]) -> list[Item]:
    inner: list[Item] = []
    outer.append(inner)
    stack.append(inner)
    return inner


def _word(text: str, digit_follows: bool) -> str:
    text = _SHORT.get(text, text) if digit_follows else text
    return _ALIASES.get(text, text)


def _normalise(items: list[Item]) -> None:
    """Drop what counts for nothing from the end, and from before the lists at the end."""
    for at in range(len(items) - 1, -1, -1):
        if items[at] in ("0", "", []):
            del items[at]
        elif isinstance(items[at], str):
            return


def _list(items: list[Item]) -> bytes:
    """Written from its end: whether a zero sorts before or after the end depends on what comes behind it."""
    out, early = [_END], False
    for item in reversed(items):
        if isinstance(item, list):
            body = _list(item)
            early = body[:1] < _END or (body[:1] == _END and early)
            out.append((_EARLY_LIST if early else _LATE_LIST) + body)
        elif item == "0":
            out.append(_EARLY_ZERO if early else _NUMBER + numbers.encode(""))
        elif item.isdigit():
            out.append(_NUMBER + numbers.encode(item))
            early = False
        else:
            place = _QUALIFIERS.index(item) if item in _QUALIFIERS else len(_QUALIFIERS)
            early = place < _RELEASE
            unknown = item.encode() + b"\0" if place == len(_QUALIFIERS) else b""
            out.append((_EARLY_WORD if early else _LATE_WORD) + bytes([place]) + unknown)
    return b"".join(reversed(out))
