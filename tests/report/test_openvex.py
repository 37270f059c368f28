"""OpenVEX. The schema is written by hand after openvex/spec's openvex_json_schema.json 0.2.0."""

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from hypothesis import given
from msgspec.structs import replace

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory
from pratique.report import openvex
from tests.report.samples import FINDING_TUPLES, INVENTORIES, OPENSSL, REQUESTS, bare, report

URI = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+$"}
TEXT = {"type": "string"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}


def closed(required: list[str], **properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def several(items: object, at_least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "uniqueItems": True, "minItems": at_least}


IDENTIFIERS = closed([], purl=TEXT, cpe22=TEXT, cpe23=TEXT)
HASHES = closed([], **{"sha-256": TEXT, "sha-512": TEXT})
PART = closed([], **{"@id": URI, "identifiers": IDENTIFIERS, "hashes": HASHES})
PRODUCT = closed(
    [], **{"@id": URI, "identifiers": IDENTIFIERS, "hashes": HASHES, "subcomponents": several(PART, at_least=1)}
)
STATEMENT = closed(
    ["vulnerability", "status", "products"],
    vulnerability=closed(["name"], **{"@id": URI, "name": TEXT, "description": TEXT, "aliases": several(TEXT)}),
    products=several(PRODUCT, at_least=1),
    status={"enum": ["not_affected", "affected", "fixed", "under_investigation"]},
    impact_statement=TEXT,
    action_statement=TEXT,
) | {
    "allOf": [
        {
            "if": {"properties": {"status": {"const": "not_affected"}}},
            "then": {"required": ["impact_statement"]},
        },
        {"if": {"properties": {"status": {"const": "affected"}}}, "then": {"required": ["action_statement"]}},
    ]
}
SCHEMA = closed(
    ["@context", "@id", "author", "timestamp", "version", "statements"],
    **{
        "@context": {"const": "https://openvex.dev/ns/v0.2.0"},
        "@id": URI,
        "author": {"type": "string", "minLength": 1},
        "role": TEXT,
        "timestamp": TIME,
        "version": {"type": "integer", "minimum": 1},
        "tooling": TEXT,
        "statements": several(STATEMENT),
    },
)


def document(made: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(made)
    jsonschema.validate(value, SCHEMA)
    return value


def test_each_vulnerability_is_stated_with_the_image_its_package_and_what_to_do() -> None:
    worst = document(openvex.render(report()))["statements"][0]
    assert worst["vulnerability"]["name"] == "CVE-2024-0001"
    assert (worst["status"], worst["action_statement"]) == ("affected", "update to 3.0.13-1")
    [product] = worst["products"]
    assert product["@id"].startswith("pkg:oci/web@sha256%3A")
    assert product["@id"].endswith("?repository_url=registry.example%2Fshop%2Fweb")
    assert [part["@id"] for part in product["subcomponents"]] == [OPENSSL.purl]


def test_packages_with_the_same_vulnerability_and_remedy_share_a_statement() -> None:
    twice = tuple(Finding("CVE-1", package, Severity.LOW) for package in (OPENSSL, REQUESTS))
    [statement] = document(openvex.render(report(findings=twice)))["statements"]
    assert len(statement["products"][0]["subcomponents"]) == 2


def test_what_does_not_affect_says_why_in_words() -> None:
    found = Finding("CVE-1", OPENSSL, Severity.LOW, State.NOT_AFFECTED)
    [statement] = document(openvex.render(report(findings=(found,))))["statements"]
    assert statement["status"] == "not_affected"
    assert "not affected" in statement["impact_statement"]


def test_the_same_report_has_the_same_id_and_another_one_another() -> None:
    ids = [document(openvex.render(one))["@id"] for one in (report(), report(), replace(report(), target="other"))]
    assert ids[0] == ids[1] != ids[2]


def test_without_findings_nothing_is_stated() -> None:
    assert document(openvex.render(report(findings=())))["statements"] == []


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_keeps_to_the_schema(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    document(openvex.render(report(inventory, findings)))
    document(openvex.render(replace(bare(inventory), findings=findings)))
