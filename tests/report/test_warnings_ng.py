"""Jenkins Warnings-NG's JSON. The schema is written after jenkinsci/analysis-model's JsonIssueParser."""

import json
from html.parser import HTMLParser
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from hypothesis import given
from msgspec.structs import replace

from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory
from pratique.report import warnings_ng
from tests.report.samples import FINDING_TUPLES, FINDINGS, INVENTORIES, report

TEXT = {"type": "string"}
LINE = {"type": "integer", "minimum": 0}
ISSUE = {
    "type": "object",
    "properties": {
        **dict.fromkeys(
            ["message", "description", "category", "type", "packageName", "moduleName", "additionalProperties"], TEXT
        ),
        "fileName": {"type": "string", "pattern": "^[^/].*$"},
        "severity": {"enum": ["ERROR", "HIGH", "NORMAL", "LOW"]},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "lineStart": LINE,
        "lineEnd": LINE,
    },
    "required": ["fileName", "severity", "message", "fingerprint"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "_class": {"const": "io.jenkins.plugins.analysis.core.restapi.ReportApi"},
        "issues": {"type": "array", "items": ISSUE},
        "size": LINE,
    },
    "required": ["_class", "issues"],
    "additionalProperties": False,
}


def issues(made: bytes) -> list[dict[str, Any]]:
    value = json.loads(made)
    jsonschema.validate(value, SCHEMA)
    found: list[dict[str, Any]] = value["issues"]
    return found


def test_each_finding_is_an_issue_in_the_file_that_declares_its_package() -> None:
    found = issues(warnings_ng.render(report()))
    assert [one["severity"] for one in found] == ["ERROR", "HIGH", "LOW", "NORMAL"]
    assert found[0]["fileName"] == "web/var/lib/dpkg/status"
    assert found[1]["message"] == "requests 2.19.0 has CVE-2018-18074 (high): update to 2.20.0"
    assert found[1]["type"] == "CVE-2018-18074"


def test_an_issue_stays_the_same_one_when_versions_move() -> None:
    before = FINDINGS[0]
    after = replace(before, package=replace(before.package, version="2.19.1"), fix_versions=("3",))
    one, other = (issues(warnings_ng.render(report(findings=(each,))))[0] for each in (before, after))
    assert one["fingerprint"] == other["fingerprint"]
    assert one["message"] != other["message"]


def test_what_does_not_affect_the_image_is_no_issue() -> None:
    gone = tuple(replace(FINDINGS[0], state=state) for state in (State.NOT_AFFECTED, State.FIXED))
    assert issues(warnings_ng.render(report(findings=gone))) == []


def test_the_description_is_html_in_which_nothing_from_outside_is() -> None:
    evil = replace(FINDINGS[0], summary="<script>x</script>", url="https://a/'\"><b>", aliases=("<i>",), vector="<u>")
    text = issues(warnings_ng.render(report(findings=(evil,))))[0]["description"]
    tags: list[str] = []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    reader.feed(text)
    assert set(tags) == {"p", "a"}


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_keeps_to_the_schema(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    issues(warnings_ng.render(report(inventory, findings)))
