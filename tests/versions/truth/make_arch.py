"""Ask pacman's library (alpm_pkg_vercmp) how made-up versions compare.

python -m tests.versions.truth.make_arch > tests/versions/truth/arch.txt
(needs libalpm.so.13)
"""

import ctypes

from tests.versions.truth.made import asked_one_by_one, pairs

PARTS = [
    ["", "", "1:", "2:", "0:"],
    [
        "1",
        "1.0",
        "1.00",
        "1.10",
        "1.2",
        "1.0.0",
        "1.0a",
        "1a",
        "1.0.a",
        "20230311",
        "1_2",
        "1..2",
        "1+2",
        "1.0rc1",
        "1.0.rc1",
    ],
    ["", "", "", "alpha", "beta1", ".1", "+r12+g1a2b3c", "a1", "b", ".z", "+1", "_1", "0"],
    ["-1", "-1", "-1", "-2", "-10", "-1.1"],
]


def main() -> None:
    """Print the truth."""
    vercmp = ctypes.CDLL("libalpm.so.13").alpm_pkg_vercmp
    asked_one_by_one(pairs(PARTS), lambda left, right: int(vercmp(left.encode(), right.encode())))


main()
