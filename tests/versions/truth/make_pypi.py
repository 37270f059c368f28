"""Ask `packaging` how made-up PEP 440 versions compare; prints `a < b` and `a = b` lines, the same ones every time.

python make_pypi.py > pypi.txt        (needs packaging)
"""

import random
import sys

from packaging.version import InvalidVersion, Version

RELEASES = [
    "0",
    "0.0",
    "1",
    "1.0",
    "1.0.0",
    "1.0.1",
    "1.1",
    "1.10",
    "01.2",
    "2",
    "2023.7.22",
    "10",
    "1!0",
    "1!1.0",
    "0!1",
    "v1.0",
]
PRES = ["", "", "a", "a0", "a1", "-alpha.1", "b2", ".beta3", "rc1", "c1", "-rc.10", "pre1", "_preview_2"]
POSTS = ["", "", "", ".post0", ".post1", "-1", "-r2", ".rev3", "post", ".post10"]
DEVS = ["", "", "", ".dev0", ".dev1", "-dev", "dev10"]
LOCALS = ["", "", "", "+1", "+abc", "+abc.1", "+abc.a", "+1.abc", "+ubuntu-1", "+deadbeef", "+10", "+0", "+1.0"]
PAIRS = 2400


def made(chance: random.Random) -> list[str]:
    """The parts of a version."""
    return [chance.choice(parts) for parts in (RELEASES, PRES, POSTS, DEVS, LOCALS)]


def relation(left: str, right: str) -> str:
    """`a < b` or `a = b` as packaging says, empty where one is no version."""
    try:
        a, b = Version(left), Version(right)
    except InvalidVersion:
        return ""
    if a == b:
        return f"{left} = {right}"
    return f"{left} < {right}" if a < b else f"{right} < {left}"


def main() -> None:
    """Print the truth."""
    chance = random.Random(20261123)
    lines = set()
    for _ in range(PAIRS):
        left = made(chance)
        right = list(left)
        for _ in range(chance.randrange(1, 3)):
            place = chance.randrange(5)
            right[place] = made(chance)[place]
        lines.add(relation("".join(left), "".join(right)))
    sys.stdout.write("\n".join(sorted(lines - {""})) + "\n")


main()
