import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from msgspec.structs import replace

import pratique.report
from pratique.model.errors import InvalidData
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory
from pratique.model.verdict import Verdict
from pratique.report import cyclonedx, document, sbom, spdx
from pratique.report.report import Report, worst_first
from tests.report.samples import FINDING_TUPLES, INVENTORIES, INVENTORY, VERDICT, bare, report
from tests.support.machine import PROJECT

SCHEMA_FILE = Path(pratique.report.__path__[0]) / "schemas" / "report-1.json"
SCHEMA = json.loads(SCHEMA_FILE.read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def loaded(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value


def test_the_published_schema_is_what_the_code_writes() -> None:
    assert document.schema() == SCHEMA, "write schemas/report-1.json anew from document.schema()"


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_is_valid_by_the_published_schema(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    VALIDATOR.validate(loaded(document.render(report(inventory, findings))))


@given(INVENTORIES)
def test_what_was_written_is_read_back_with_nothing_lost(inventory: Inventory) -> None:
    assert document.read(document.render(bare(inventory)), "report.json") == inventory


def test_every_key_of_a_finding_is_there_and_severity_is_a_word() -> None:
    value = loaded(document.render(report()))
    assert value["schema_version"] == "1.1"
    worst, second = value["findings"][:2]
    assert (worst["id"], worst["severity"], worst["in_base"]) == ("CVE-2024-0001", "critical", True)
    assert second["package"]["purl"] == "pkg:pypi/requests@2.19.0"
    assert second["fix_versions"] == ["2.20.0"]
    assert second["evidence"][0]["range"] == "< 2.20.0"
    assert value["totals"] == {"critical": 1, "high": 1, "medium": 0, "low": 0, "negligible": 1, "unknown": 1}
    assert value["verdict"]["reasons"][1]["remedy"] == ""
    assert value["image"]["platform"] == "linux/amd64"


def test_not_looked_for_is_not_the_same_as_none_found() -> None:
    assert loaded(document.render(bare(INVENTORY)))["advisories"] is None


def test_the_documentation_names_every_top_level_key() -> None:
    text = (PROJECT / "docs" / "json-output.md").read_text()
    missing = [key for key in loaded(document.render(report())) if f"`{key}`" not in text]
    assert missing == []


def test_a_later_minor_version_is_read_and_another_major_is_refused() -> None:
    value = loaded(document.render(bare(INVENTORY)))
    later = json.dumps(value | {"schema_version": "1.7", "news": 1}).encode()
    assert document.read(later, "x") == INVENTORY
    with pytest.raises(InvalidData, match=r"schema_version is '2\.0'"):
        document.read(json.dumps(value | {"schema_version": "2.0"}).encode(), "x")


@pytest.mark.parametrize("write", [cyclonedx.render, spdx.render, document.render])
def test_an_sbom_of_any_format_is_recognised(write: Any) -> None:
    assert sbom.read(write(report()), "sbom.json") == INVENTORY


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not an SBOM"),
        (b"<bom/>", "not an SBOM"),
        (b"{}", "not an SBOM"),
        (b'{"results": []}', "not an SBOM"),
        (b'{"bomFormat": 3}', "bomFormat"),
        (b'{"schema_version": "1.0"}', "missing required field"),
        (b'{"schema_version": "1.0", ' + b'"x": {' * 50_000, "cannot read"),
        (b"{" + b"x" * 10_000_000, "malformed"),
    ],
)
def test_anything_else_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(InvalidData, match=why) as error:
        sbom.read(data, "some.json")
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


@given(INVENTORIES)
def test_a_document_cut_anywhere_is_refused(inventory: Inventory) -> None:
    data = cyclonedx.render(bare(inventory)).strip()
    for end in range(0, len(data), max(1, len(data) // 20)):
        with pytest.raises(InvalidData):
            sbom.read(data[:end], "cut.json")


@given(INVENTORIES, FINDING_TUPLES)
def test_a_saved_report_is_read_back(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    made = report(inventory, findings)
    found = document.read_report(document.render(made), "x")
    assert (found.target, found.inventory, found.verdict) == (made.target, inventory, _verdict_of(made))
    assert [(one.id, one.severity, one.state, one.fix_versions, one.evidence) for one in found.findings] == [
        (one.id, one.severity, one.state, one.fix_versions, one.evidence) for one in worst_first(findings)
    ]
    assert document.document(found).findings == document.document(made).findings


def _verdict_of(made: Report) -> Verdict:
    return replace(VERDICT, image=made.inventory.image)
