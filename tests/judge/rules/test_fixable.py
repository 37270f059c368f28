"""The rule `fixable`."""

import pytest

from pratique.judge.rules.fixable import FixableRule
from pratique.model.advisory import Severity
from pratique.model.verdict import Outcome
from tests.judge.making import finding
from tests.judge.rules.judging import reasons


@pytest.mark.parametrize(
    ("at_least", "severity", "fix", "speaks"),
    [
        ("unknown", "unknown", ("2",), True),
        ("unknown", "critical", (), False),
        ("medium", "low", ("2",), False),
        ("medium", "medium", ("2",), True),
    ],
)
def test_it_speaks_of_findings_that_have_a_fix(
    at_least: str, severity: str, fix: tuple[str, ...], speaks: bool
) -> None:
    rule = FixableRule(Outcome.WARN, Severity[at_least.upper()])
    found = reasons(rule, finding(severity=Severity[severity.upper()], fix=fix))
    assert [(reason.rule, reason.outcome) for reason in found] == ([("fixable", Outcome.WARN)] if speaks else [])
