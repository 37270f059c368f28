"""The published JSON Schema of policies: it takes and refuses what the reader does, as far as shapes go."""

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

import pratique.judge
from pratique.judge import policy, schema
from pratique.judge.rules.settings import settings
from pratique.judge.rules.table import RULES
from pratique.model.errors import UsageError
from tests.support.machine import PROJECT

FILE = Path(pratique.judge.__path__[0]) / "policy-1.json"
VALIDATOR = jsonschema.Draft202012Validator(schema.schema())
GOOD = {
    "severity": "{at_least: high, fixable_only: true}",
    "fixable": "",
    "finding-age": "{older_than: 30d, at_least: medium}",
    "grace-period": "{critical: 7d, high: 2w}",
    "kev": "{fixable_only: true}",
    "epss": "{at_least: 0.5}",
    "unscanned": "{}",
    "scan-age": "{older_than: 1d}",
    "scanner-agreement": "{scanners: [pratique, trivy]}",
    "denied-packages": "{packages: telnet*}",
    "required-packages": "{packages: [a, b]}",
    "denied-licenses": "{licenses: [AGPL-*]}",
    "allowed-licenses": "{licenses: [MIT], unknown: true}",
    "base-image": "{allow: [x/*]}",
    "base-freshness": "{behind: 2w}",
    "image-age": "{older_than: 90d}",
    "end-of-life": "{within: 30d}",
    "runs-as-root": "{}",
    "missing-signature": "{keys: ['sha256:a']}",
    "missing-attestation": "{types: [sbom]}",
    "expression": "{when: 'image.user == \"\"', message: no user}",
}


def document(rules: str) -> str:
    return f"version: 1\nname: x\nrules:\n{rules}ignore:\n"


def valid(text: str) -> bool:
    loaded: Any = yaml.safe_load(text)
    return bool(VALIDATOR.is_valid(loaded))


def read(text: str) -> bool:
    try:
        policy.parse(text.encode(), "p.yaml")
    except UsageError:
        return False
    return True


def test_the_published_file_is_what_the_code_says() -> None:
    assert json.loads(FILE.read_text()) == schema.schema(), "write it anew: pratique check --schema"
    jsonschema.Draft202012Validator.check_schema(schema.schema())


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_completed_and_read(name: str) -> None:
    text = document(f"  - {name}: {GOOD[name]}\n    action: deny\n")
    assert valid(text)
    assert read(text)


@pytest.mark.parametrize("name", RULES)
def test_a_key_too_many_is_refused_by_both(name: str) -> None:
    settings_text = GOOD[name] or "{}"
    wrong = settings_text[:-1] + (", " if len(settings_text) > 2 else "") + "odd: 1}"
    text = document(f"  - {name}: {wrong}\n    action: deny\n")
    assert not valid(text)
    assert not read(text)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if any(one[2] for one in settings(rule))])
def test_a_required_key_is_missed_by_both(name: str) -> None:
    text = document(f"  - {name}: {{}}\n    action: deny\n")
    assert not valid(text)
    assert not read(text)


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "  - severity: {at_least: hihg}\n    action: deny\n",
        "  - severity: {at_least: high}\n    action: allow\n",
        "  - severity: {at_least: high}\n",
        "  - finding-age: {older_than: 30 days}\n    action: warn\n",
        "  - epss: {at_least: 2}\n    action: warn\n",
        "  - severity: {at_least: high, fixable_only: 3}\n    action: deny\n",
        "  - odd: {}\n    action: deny\n",
    ],
)
def test_both_refuse_the_same_mistakes(rules: str) -> None:
    assert not valid(document(rules))
    assert not read(document(rules))


def test_the_manuals_policies_are_valid() -> None:
    blocks = (PROJECT / "docs" / "policy.md").read_text().split("```yaml\n")[1:]
    for block in blocks:
        loaded = yaml.safe_load(block.partition("```")[0])
        loaded["ignore"] = [{**one, "expires": str(one["expires"])} for one in loaded.get("ignore", [])]
        VALIDATOR.validate(loaded)
