"""Ask npm's own `semver` module how made-up versions compare; prints `a < b` and `a = b` lines, always the same.

python3 make_npm.py > npm.txt        (needs node and npm)
"""

import json
import random
import subprocess
import sys
from pathlib import Path

MAINS = [
    "0.0.0",
    "0.0.1",
    "1.2.3",
    "1.2.10",
    "1.10.2",
    "v1.2.3",
    "=1.2.3",
    "=v1.2.3",
    "01.2.3",
    "1.02.3",
    "10.0.0",
    "1.2.3.4",
    "1.2.34.5",
    "9007199254740991.0.0",
]
PRES = [
    "",
    "",
    "-0",
    "-1",
    "-01",
    "-9",
    "-10",
    "-alpha",
    "-alpha.1",
    "-alpha.10",
    "-alpha.beta",
    "-beta",
    "-rc.1",
    "-rc.1.1",
    "-rc1",
    "-rc10",
    "-0a",
    "-0a.1",
    "--",
    "-a-b",
    "-A",
    "-Z",
    "beta",
    "beta.2",
    "-1.2.3",
    "-x.7.z.92",
    "-",
    "-123456789012345",
]
BUILDS = ["", "", "", "+build", "+001", "+a.b"]
PAIRS = 2400
SCRIPT = """
const semver = require(process.argv[1]);
const pairs = JSON.parse(require('fs').readFileSync(0));
const out = pairs.map(([a, b]) => semver.valid(a, true) && semver.valid(b, true) ? semver.compare(a, b, true) : null);
process.stdout.write(JSON.stringify(out));
"""


def made(chance: random.Random) -> list[str]:
    """The parts of a version."""
    return [chance.choice(parts) for parts in (MAINS, PRES, BUILDS)]


def pair(chance: random.Random) -> tuple[str, str]:
    """Two versions that share some parts."""
    left = made(chance)
    right = [mine if chance.random() < 0.5 else other for mine, other in zip(left, made(chance), strict=True)]
    return "".join(left), "".join(right)


def main() -> None:
    """Print the truth."""
    chance = random.Random(20261123)
    pairs = [pair(chance) for _ in range(PAIRS)]
    root = subprocess.run(["npm", "root", "-g"], capture_output=True, check=True, text=True).stdout.strip()
    semver = Path(root, "npm", "node_modules", "semver")
    answer = subprocess.run(
        ["node", "-e", SCRIPT, str(semver)], input=json.dumps(pairs), capture_output=True, check=True, text=True
    )
    lines = set()
    for (left, right), order in zip(pairs, json.loads(answer.stdout), strict=True):
        if order is not None:
            lines.add(f"{left} = {right}" if order == 0 else f"{left} < {right}" if order < 0 else f"{right} < {left}")
    sys.stdout.write("\n".join(sorted(lines)) + "\n")


main()
