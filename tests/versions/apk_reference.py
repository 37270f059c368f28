"""apk's comparison of two versions, token against token: slow, and no kin of the key that we test."""

import re

SUFFIXES = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"]
KINDS = ["number", "letter", "suffix", "suffix number", "commit", "revision", "end"]
TOKEN = re.compile(
    r"(?P<number>\.[0-9]+)|(?P<letter>[a-z])|_(?P<suffix>[a-z]+)(?P<no>[0-9]*)|~(?P<commit>[0-9a-f]+)|-r(?P<rev>[0-9]+)"
)


def tokens(version: str) -> list[tuple[str, str]]:
    first = re.match(r"[0-9]+", version)
    assert first
    out = [("first", first[0])]
    for match in TOKEN.finditer(version, first.end()):
        if match["number"]:
            out.append(("number", match["number"][1:]))
        elif match["letter"]:
            out.append(("letter", match["letter"]))
        elif match["suffix"]:
            out.append(("suffix", match["suffix"]))
            out += [("suffix number", match["no"])] if match["no"] else []
        elif match["commit"]:
            out.append(("commit", match["commit"]))
        else:
            out.append(("revision", match["rev"]))
    return [*out, ("end", "")]


def compare(left: str, right: str) -> int:
    for (kind_a, a), (kind_b, b) in zip(tokens(left), tokens(right), strict=False):
        order = same_kind(kind_a, a, b) if kind_a == kind_b else other_kind(kind_a, a, kind_b, b)
        if order:
            return order
    return 0


def same_kind(kind: str, a: str, b: str) -> int:
    if kind == "suffix":
        return sign(SUFFIXES.index(a), SUFFIXES.index(b))
    if kind in {"letter", "commit", "end"} or (kind == "number" and "0" in (a[0], b[0])):
        return (a > b) - (a < b)
    return sign(int(a), int(b))


def other_kind(kind_a: str, a: str, kind_b: str, b: str) -> int:
    if kind_a == "suffix" and SUFFIXES.index(a) < SUFFIXES.index(""):
        return -1
    if kind_b == "suffix" and SUFFIXES.index(b) < SUFFIXES.index(""):
        return 1
    return sign(KINDS.index(kind_b), KINDS.index(kind_a))


def sign(a: int, b: int) -> int:
    return (a > b) - (a < b)
