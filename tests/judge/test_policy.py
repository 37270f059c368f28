"""Policies as users write them, and as they mistype them."""

from datetime import date, timedelta

import msgspec
import pytest

from pratique.judge import policy
from pratique.judge.ignores import Ignore
from pratique.judge.rules.finding_age import FindingAgeRule
from pratique.judge.rules.fixable import FixableRule
from pratique.judge.rules.severity import SeverityRule
from pratique.judge.rules.table import RULES
from pratique.judge.rules.unscanned import UnscannedRule
from pratique.model.advisory import Severity
from pratique.model.errors import UsageError
from pratique.model.verdict import Outcome
from tests.support.machine import PROJECT

FULL = """\
version: 1
name: production
rules:
  - severity: {at_least: high, fixable_only: true}
    action: deny
  - finding-age: {older_than: 30d, at_least: medium}
    action: warn
  - fixable: {at_least: low}
    action: warn
  - unscanned: {}
    action: warn
ignore:
  - vulnerability: CVE-2024-1
    package: openssl
    reason: "not reachable"
    owner: team@x
    expires: 2026-12-31
"""


def parse(text: str) -> policy.Policy:
    return policy.parse(text.encode(), "p.yaml")


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    return str(caught.value)


def test_a_policy_is_read_into_typed_rules() -> None:
    assert parse(FULL) == policy.Policy(
        name="production",
        rules=(
            SeverityRule(Outcome.DENY, Severity.HIGH, fixable_only=True),
            FindingAgeRule(Outcome.WARN, timedelta(days=30), Severity.MEDIUM),
            FixableRule(Outcome.WARN, Severity.LOW),
            UnscannedRule(Outcome.WARN),
        ),
        ignore=(Ignore("CVE-2024-1", "not reachable", "team@x", date(2026, 12, 31), "openssl"),),
    )


def test_a_policy_survives_json() -> None:
    read = parse(FULL)
    assert msgspec.json.decode(msgspec.json.encode(read), type=policy.Policy) == read


def test_the_digest_is_of_the_content_not_of_the_text() -> None:
    rewritten = "# ours\n" + FULL.replace(
        "severity: {at_least: high, fixable_only: true}",
        "severity:\n      fixable_only: true # !\n      at_least: 'high'",
    )
    assert parse(rewritten).digest == parse(FULL).digest


def test_a_default_that_is_written_out_changes_nothing() -> None:
    written = parse(FULL.replace("fixable: {at_least: low}", "fixable: {at_least: unknown}"))
    assert parse(FULL.replace("fixable: {at_least: low}", "fixable:")).digest == written.digest


@pytest.mark.parametrize(("old", "new"), [("30d", "31d"), ("high", "critical"), ("2026-12-31", "2027-01-01")])
def test_other_content_has_another_digest(old: str, new: str) -> None:
    assert parse(FULL.replace(old, new)).digest != parse(FULL).digest


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("severity:", "severty:", "p.yaml:4:5: a rule has no key 'severty': did you mean 'severity'?"),
        ("deny", "dney", "p.yaml:5:13: action cannot be 'dney': did you mean 'deny'?"),
        ("deny", "allow", "p.yaml:5:13: action cannot be 'allow': one of: deny, warn"),
        ("high", "hihg", "p.yaml:4:26: at_least cannot be 'hihg': did you mean 'high'?"),
        ("high", "[high]", "p.yaml:4:26: at_least cannot be a list"),
        ("true", "yes", "p.yaml:4:46: fixable_only must be true or false, not 'yes'"),
        ("true", '"true"', "p.yaml:4:46: fixable_only must be true or false"),
        ("30d", "30 days", "p.yaml:6:31: older_than is not a duration: '30 days': write it as 12h, 30d or 2w"),
        ("30d", "-1d", "older_than is not a duration"),
        ("30d", "999999d", "older_than is not a duration"),
        ("older_than: 30d, ", "", "p.yaml:6:18: the rule finding-age lacks the key 'older_than'"),
        ("fixable: {at_least", "fixable: {at_leest", "did you mean 'at_least'?"),
        ("at_least: high", "at_leest: high", "p.yaml:4:16: the rule severity has no key 'at_leest'"),
        ("unscanned: {}", "unscanned: []", "p.yaml:10:16: the rule unscanned must be a mapping"),
        ("unscanned: {}", "unscanned: {}\n    fixable: {}", "a rule is both fixable and unscanned"),
        ("    action: deny\n", "", "p.yaml:4:5: a rule lacks the key 'action'"),
        ("    action: deny\n", "    action: deny\n    if: true\n", "p.yaml:6:5: a rule has no key 'if'"),
        ("version: 1", "version: 2", "p.yaml:1:10: version cannot be '2': one of: 1"),
        ("version: 1\n", "", "p.yaml:1:1: the policy lacks the key 'version'"),
        ("name: production", "name: [a]", "p.yaml:2:7: name must be text, not a list"),
        ("name: production", "name:", "name must not be empty"),
        (
            "name: production",
            "name: a\nname: b",
            "p.yaml:3:1: the key 'name' stands here twice: it is on line 2 already",
        ),
        ("ignore:", "ignored:", "p.yaml:12:1: the policy has no key 'ignored': did you mean 'ignore'?"),
        ("reason:", "resaon:", "p.yaml:15:5: an ignore entry has no key 'resaon': did you mean 'reason'?"),
        ('"not reachable"', '"  "', "p.yaml:15:13: reason must not be empty"),
        ("    owner: team@x\n", "", "p.yaml:13:5: an ignore entry lacks the key 'owner'"),
        ("    expires: 2026-12-31\n", "", "p.yaml:13:5: an ignore entry lacks the key 'expires'"),
        ("2026-12-31", "2026-02-30", "p.yaml:17:14: expires is not a date: '2026-02-30'"),
        ("2026-12-31", "never", "expires is not a date: 'never': write it as year-month-day"),
        ("2026-12-31", "20261231", "expires is not a date"),
    ],
)
def test_a_mistake_is_shown_where_it_stands_with_what_was_meant(old: str, new: str, says: str) -> None:
    assert old in FULL
    assert says in refusal(FULL.replace(old, new, 1))


@pytest.mark.parametrize("rules", ["", "[]", "null"])
def test_a_policy_without_rules_is_a_mistake(rules: str) -> None:
    assert "the policy has no rules" in refusal(f"version: 1\nrules: {rules}\n")


def test_rules_must_be_a_list() -> None:
    text = "version: 1\nrules:\n  severity: {at_least: high}\n"
    assert "p.yaml:3:3: rules must be a list, not a mapping" in refusal(text)


def test_the_default_denies_what_is_bad_and_fixable() -> None:
    assert policy.DEFAULT.rules[0] == SeverityRule(Outcome.DENY, Severity.HIGH, fixable_only=True)


def test_the_default_is_the_policy_that_the_manual_shows() -> None:
    blocks = (PROJECT / "docs" / "policy.md").read_text().split("```yaml\n")[1:]
    policies = [parse(block.partition("```")[0]) for block in blocks]
    assert policies[0].digest == policy.DEFAULT.digest
    assert len(policies) >= 3


def test_the_manual_has_a_word_on_every_rule() -> None:
    manual = (PROJECT / "docs" / "policy.md").read_text()
    assert [rule for rule in RULES if f"### `{rule}`" not in manual] == []


def test_the_docstrings_example_is_a_policy() -> None:
    example = (policy.__doc__ or "").partition("\n\n")[2].partition("\n\nSeverities")[0]
    assert len(parse("\n".join(line[4:] for line in example.splitlines())).rules) == 4
