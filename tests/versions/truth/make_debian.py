"""Ask dpkg how made-up and nasty Debian versions compare; prints `a < b` and `a = b` lines, the same ones every time.

python3 make_debian.py > debian.txt        (needs dpkg; takes about ten seconds)
"""

import random
import subprocess
import sys

NASTY = [
    "0",
    "00",
    "0:0",
    "0:0-0",
    "0-0",
    "1",
    "1-",
    "01",
    "1:0",
    "1:1-1",
    "1.0",
    "1.00",
    "1.0-0",
    "1.0-1",
    "1.0-1.1",
    "1.0-1+b1",
    "1.0~",
    "1.0~~",
    "1.0~a",
    "1.0~~a",
    "1.0~1",
    "1.0~rc1-1",
    "1.0+",
    "1.0+a",
    "1.0+dfsg",
    "1.0+dfsg-1",
    "1.0a",
    "1.0A",
    "1.0b",
    "1.0z",
    "1.0Z",
    "1.0.",
    "1.0.0",
    "1.0.~",
    "1.0-",
    "1a",
    "1a0",
    "1a00",
    "1a1",
    "a",
    "1:2:3",
    "1:2:3-4",
    "1:1.0-~",
    "1.0-~1",
    "2.36-9+deb12u4",
    "2.36-9+deb12u10",
    "2.36-9",
    "2.36-9~bpo11+1",
    "3.0.11-1~deb12u2",
    "3.0.11-1",
    "3.0.9-1",
    "1.2.3-4ubuntu1",
    "1.2.3-4ubuntu1.1",
    "1.2.3-4",
    "1.2.3-4ubuntu1~22.04.1",
    "1.2.3-4build1",
    "20230311",
    "20230311+deb12u1",
    "1:9.2p1-2+deb12u3",
    "1:9.2p1-2",
    "1:8.4p1-5",
    "7.88.1-10+deb12u5",
    "5.36.0-7+deb12u1",
    "9.1-1",
    "9.1.0-1",
    "0.0.0~git20200101.abc",
    "0.0.0",
    "0.0.0-1",
    "1.0-1-1",
    "1.0-1-2",
    "1--1",
    "1-+",
    "1-.",
    "1-~",
    "1.2.3~~",
    "1.2.3~-1",
    "2147483647:1",
    "99999999999999999999",
    "100000000000000000000",
    "1.99999999999999999999999",
    "1.99999999999999999999998",
]
ALPHABET = "0012359~~+-.:abzAZ"
PAIRS = 2000


def relation(left: str, right: str) -> str:
    """`<`, `=` or `>` as dpkg says, empty when it refuses or warns."""
    for operator, sign in (("lt", "<"), ("eq", "="), ("gt", ">")):
        answer = subprocess.run(["dpkg", "--compare-versions", left, operator, right], capture_output=True, check=False)
        if answer.stderr and b"does not start with digit" not in answer.stderr:
            return ""
        if answer.returncode == 0:
            return sign
    return ""


def made(chance: random.Random) -> tuple[str, str]:
    """Two versions that share most of their text, so that what decides is deep inside."""
    text = chance.choice("0123") + "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(9)))
    place = chance.randrange(len(text) + 1)
    change = "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(3)))
    return text, text[:place] + change + text[place + chance.randrange(3) :]


def main() -> None:
    """Print the truth."""
    chance = random.Random(20261123)
    pairs = [(a, b) for a in NASTY for b in chance.sample(NASTY, 9)] + [made(chance) for _ in range(PAIRS)]
    lines = set()
    for left, right in pairs:
        sign = relation(left, right)
        if sign == ">":
            left, right, sign = right, left, "<"
        if sign and left[:1].isalnum() and right[:1].isalnum():  # dpkg also orders no version, and an epoch of -0
            lines.add(f"{left} {sign} {right}")
    sys.stdout.write("\n".join(sorted(lines)) + "\n")


main()
