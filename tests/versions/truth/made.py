"""What the scripts that ask real tools share: versions made from parts, always the same ones, and lines of truth."""

import random
import sys
from collections.abc import Callable, Iterable, Sequence

Pair = tuple[str, str]


def pairs(parts: Sequence[Sequence[str]], count: int = 2400) -> list[Pair]:
    """Pairs of versions that differ in one or two parts, so that what decides is deep inside."""
    chance = random.Random(20261123)
    out = []
    for _ in range(count):
        left = [chance.choice(choices) for choices in parts]
        right = list(left)
        for _ in range(chance.randrange(1, 3)):
            place = chance.randrange(len(parts))
            right[place] = chance.choice(parts[place])
        out.append(("".join(left), "".join(right)))
    return out


def scrambled(alphabet: str, count: int = 1200) -> list[Pair]:
    """Pairs of made-up texts over an alphabet that share most of what they say."""
    chance = random.Random(20261124)
    out = []
    for _ in range(count):
        text = chance.choice("0123") + "".join(chance.choice(alphabet) for _ in range(chance.randrange(9)))
        place = chance.randrange(len(text) + 1)
        change = "".join(chance.choice(alphabet) for _ in range(chance.randrange(3)))
        out.append((text, text[:place] + change + text[place + chance.randrange(3) :]))
    return out


def write(asked: Sequence[Pair], answers: Iterable[int | None]) -> None:
    """Print the truth; an answer is negative, 0 or positive as for `left - right`, None for what is no version."""
    lines = set()
    for (left, right), answer in zip(asked, answers, strict=True):
        if answer is not None:
            small, large = (right, left) if answer > 0 else (left, right)
            lines.add(f"{small} {'<' if answer else '='} {large}")
    sys.stdout.write("\n".join(sorted(lines)) + "\n")


def asked_one_by_one(asked: Sequence[Pair], order: Callable[[str, str], int | None]) -> None:
    """Print what a function says of each pair."""
    write(asked, [order(left, right) for left, right in asked])
