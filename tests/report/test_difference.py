"""What `pratique diff` writes."""

import json

from pratique.report import difference
from pratique.report.difference import Difference, PackageLine
from tests.report.samples import FINDINGS, REQUESTS

ONE = Difference(
    old="web:1",
    new="web:2",
    old_image="",
    new_image="",
    packages=(
        PackageLine("deb", "curl", (), ("8.1",)),
        PackageLine("deb", "libssl3", ("3.0.11",), ("3.0.13",)),
        PackageLine("deb", "perl", ("5.36",), ()),
    ),
    fixed=FINDINGS[1:2],
    new_findings=FINDINGS[0:1],
    remaining=FINDINGS[2:],
)
TEXT = """\
web:1 → web:2

packages: 1 added, 1 removed, 1 changed
  + curl 8.1
  ~ libssl3 3.0.11 → 3.0.13
  - perl 5.36

fixed: 1 finding: 1 critical
  - critical CVE-2024-0001 in libssl3 3.0.11-1~deb12u1, fixed in 3.0.13-1

new: 1 finding: 1 high
  + high CVE-2018-18074 in requests 2.19.0, fixed in 2.20.0

remaining: 2 findings: 1 negligible, 1 unknown
"""


def test_the_text_names_packages_and_findings_that_moved() -> None:
    assert difference.render_text(ONE) == TEXT


def test_json_has_everything() -> None:
    made = json.loads(difference.render_json(ONE))
    assert [(line["change"], line["name"], line["old"], line["new"]) for line in made["packages"]] == [
        ("added", "curl", [], ["8.1"]),
        ("changed", "libssl3", ["3.0.11"], ["3.0.13"]),
        ("removed", "perl", ["5.36"], []),
    ]
    assert [one["id"] for one in made["fixed"]] == ["CVE-2024-0001"]
    assert made["new_findings"][0]["package"]["purl"] == REQUESTS.purl
    assert len(made["remaining"]) == 2


def test_markdown_is_for_a_pull_request() -> None:
    lines = difference.render_markdown(ONE).decode().splitlines()
    assert "| changed | `libssl3` | `3.0.11` | `3.0.13` |" in lines
    assert "**New**: 1 finding: 1 high" in lines
    assert any(line.startswith("| high | [CVE\\-2018\\-18074](https://osv.dev/") for line in lines)


def test_long_lists_are_cut_with_their_number() -> None:
    many = tuple(PackageLine("deb", f"p{number}", (), ("1",)) for number in range(60))
    long = Difference("a", "b", "", "", many, (), (), ())
    assert "… and 10 more" in difference.render_text(long)
    assert "… and 10 more" in difference.render_markdown(long).decode()
    assert len(json.loads(difference.render_json(long))["packages"]) == 60
