"""The order is the package manager's own: each line of `truth/*.txt` was said by it (see `truth/make_*.py`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique import versions

TRUTH = Path(__file__).parent / "truth"
ECOSYSTEMS = {
    "alpine": "Alpine",
    "arch": "Arch Linux",
    "bitnami": "Bitnami",
    "cpan": "CPAN",
    "crates": "crates.io",
    "debian": "Debian",
    "go": "Go",
    "hex": "Hex",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "packagist": "Packagist",
    "pub": "Pub",
    "pypi": "PyPI",
    "rpm": "AlmaLinux:9",
    "rubygems": "RubyGems",
}
BY_HAND = {"alpine": 60, "nuget": 25, "pub": 20}  # the tool isn't on the machines that made these files


def truth(name: str) -> Iterator[tuple[str, str, str]]:
    for line in (TRUTH / f"{name}.txt").read_text().splitlines():
        if not line.startswith("#"):
            sign = " < " if " < " in line else " = "
            left, right = line.split(sign)
            yield left, sign.strip(), right


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_keys_order_versions_as_the_package_manager_does(name: str) -> None:
    lines = list(truth(name))
    wrong = []
    for left, sign, right in lines:
        a, b = versions.key(ECOSYSTEMS[name], left), versions.key(ECOSYSTEMS[name], right)
        if not (a < b if sign == "<" else a == b):
            wrong.append(f"{left} {sign} {right}")
    assert wrong == []
    assert len(lines) >= BY_HAND.get(name, 1000)


@pytest.mark.parametrize("name", ECOSYSTEMS)
def test_the_truth_files_hold_both_relations(name: str) -> None:
    assert {sign for _, sign, _ in truth(name)} == {"<", "="}
