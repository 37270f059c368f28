import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given

from pratique.model.advisory import Severity
from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory
from pratique.report import sarif
from tests.report.samples import FINDING_TUPLES, INVENTORIES, INVENTORY, OPENSSL, REQUESTS, report

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
SHORT = {**TEXT, "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 1024}}}
LEVEL = {"enum": ["error", "warning", "note", "none"]}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "shortDescription": SHORT,
        "fullDescription": SHORT,
        "help": TEXT,
        "helpUri": {"type": "string", "pattern": "^https?://"},
        "defaultConfiguration": {"properties": {"level": LEVEL}},
        "properties": {
            "properties": {
                "tags": {"type": "array", "contains": {"const": "security"}, "maxItems": 10},
                "security-severity": {"type": "string", "pattern": r"^(10\.0|[0-9]\.[0-9])$"},
                "precision": {"enum": ["very-high", "high", "medium", "low"]},
            }
        },
    },
}
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation", "region"],
            "properties": {
                "artifactLocation": {
                    "required": ["uri"],
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~@+=%-]+(/[A-Za-z0-9._~@+=%-]+)*$"}
                    },
                },
                "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
            },
        }
    },
}
RESULT = {
    "type": "object",
    "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
    "properties": {
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "items": LOCATION},
        "partialFingerprints": {
            "required": ["primaryLocationLineHash"],
            "additionalProperties": {"type": "string", "pattern": "^[0-9a-f]+:1$"},
        },
    },
}
# What GitHub and Azure DevOps need of SARIF 2.1.0; the whole schema is not on this machine.
SCHEMA = {
    "type": "object",
    "required": ["version", "$schema", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {"rules": {"type": "array", "items": RULE}},
                            }
                        },
                    },
                    "results": {"type": "array", "items": RESULT, "maxItems": 25_000},
                },
            },
        },
    },
}


def run(findings: tuple[Finding, ...] | None = None) -> dict[str, Any]:
    """The one run of a rendered report."""
    made = report() if findings is None else report(findings=findings)
    value: dict[str, Any] = json.loads(sarif.render(made))["runs"][0]
    return value


@given(INVENTORIES, FINDING_TUPLES)
def test_any_report_has_what_code_scanning_needs(inventory: Inventory, findings: tuple[Finding, ...]) -> None:
    value = json.loads(sarif.render(report(inventory, findings)))
    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    rules = value["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in value["runs"][0]["results"])


def test_a_result_points_at_the_file_that_declares_the_package() -> None:
    location = run()["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "web/app/lib/requests-2.19.0.dist-info/METADATA"}


@pytest.mark.parametrize(
    ("severity", "score", "shown", "level"),
    [
        (Severity.CRITICAL, 9.8, "9.8", "error"),
        (Severity.CRITICAL, None, "9.5", "error"),
        (Severity.HIGH, None, "7.5", "error"),
        (Severity.MEDIUM, None, "5.0", "warning"),
        (Severity.LOW, 3.1, "3.1", "note"),
        (Severity.NEGLIGIBLE, None, "0.5", "note"),
        (Severity.UNKNOWN, None, None, "warning"),
    ],
)
def test_severity_becomes_level_and_score(
    severity: Severity, score: float | None, shown: str | None, level: str
) -> None:
    made = run((Finding("CVE-1", REQUESTS, severity, score=score),))
    rule = made["tool"]["driver"]["rules"][0]
    assert rule["properties"].get("security-severity") == shown
    assert rule["defaultConfiguration"]["level"] == made["results"][0]["level"] == level


def test_one_vulnerability_in_two_packages_is_one_rule_and_two_results() -> None:
    made = run((Finding("CVE-1", REQUESTS, Severity.HIGH), Finding("CVE-1", OPENSSL, Severity.LOW)))
    assert [rule["id"] for rule in made["tool"]["driver"]["rules"]] == ["CVE-1"]
    assert [result["ruleIndex"] for result in made["results"]] == [0, 0]


def test_a_fingerprint_survives_an_update_that_does_not_mend() -> None:
    import msgspec

    newer = msgspec.structs.replace(REQUESTS, version="2.19.1", purl="pkg:pypi/requests@2.19.1")
    prints = [
        run((Finding("CVE-1", one, Severity.LOW),))["results"][0]["partialFingerprints"] for one in (REQUESTS, newer)
    ]
    assert prints[0] == prints[1]


def test_not_affected_is_suppressed_and_fixed_is_left_out() -> None:
    made = run(
        (
            Finding("CVE-1", REQUESTS, Severity.HIGH, State.NOT_AFFECTED),
            Finding("CVE-2", REQUESTS, Severity.HIGH, State.FIXED),
        )
    )
    assert [result["ruleId"] for result in made["results"]] == ["CVE-1"]
    assert made["results"][0]["suppressions"][0]["kind"] == "external"


def test_what_was_not_read_is_a_notification() -> None:
    texts = [one["message"]["text"] for one in run()["invocations"][0]["toolExecutionNotifications"]]
    assert f"{INVENTORY.skipped[0].path}: {INVENTORY.skipped[0].reason}" in texts


def test_more_results_than_github_takes_are_cut_and_said() -> None:
    many = tuple(Finding(f"CVE-{number}", REQUESTS, Severity.LOW) for number in range(sarif.RESULT_LIMIT + 3))
    made = run(many)
    assert len(made["results"]) == sarif.RESULT_LIMIT
    assert made["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("3 less severe")
