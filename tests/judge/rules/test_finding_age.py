"""The rule `finding-age`; now is noon of 30 June 2026."""

from datetime import timedelta

import pytest

from pratique.judge.rules.finding_age import FindingAgeRule
from pratique.model.advisory import Severity
from pratique.model.verdict import Outcome
from tests.judge.making import finding
from tests.judge.rules.judging import reasons

MONTH = FindingAgeRule(Outcome.DENY, timedelta(days=30))


@pytest.mark.parametrize(
    ("published", "modified", "speaks"),
    [
        ("2026-05-31T11:59:59Z", "", True),
        ("2026-05-31T12:00:00Z", "", False),
        ("2026-05-31T13:30:00+02:00", "", True),
        ("2026-05-31T11:00:00", "", True),
        ("2026-05-01", "", True),
        ("2027-01-01T00:00:00Z", "", False),
        # without publication, the last change says how old it is at least
        ("", "2026-01-01T00:00:00.123456Z", True),
        ("not a date", "2026-01-01T00:00:00Z", True),
        ("", "2026-06-29T00:00:00Z", False),
    ],
)
def test_it_speaks_of_vulnerabilities_public_for_longer(published: str, modified: str, speaks: bool) -> None:
    assert bool(reasons(MONTH, finding(published=published, modified=modified))) is speaks


def test_it_says_for_how_long() -> None:
    [reason] = reasons(MONTH, finding(published="2026-05-01T00:00:00Z"))
    assert reason.message == "openssl 3.0.11-1 has CVE-2024-1 (high), public for 60 days, no fix known"
    assert (reason.rule, reason.outcome) == ("finding-age", Outcome.DENY)


def test_findings_below_its_severity_may_be_of_any_age() -> None:
    rule = FindingAgeRule(Outcome.WARN, timedelta(days=30), Severity.MEDIUM)
    assert reasons(rule, finding(severity=Severity.LOW, published="2001-01-01T00:00:00Z")) == ()


def test_findings_without_a_date_are_counted_in_one_warning() -> None:
    [reason] = reasons(MONTH, *[finding(f"CVE-2024-{number}") for number in range(1000)])
    assert reason.outcome is Outcome.WARN
    assert reason.message == "1000 findings have no date in the advisories, so their age can't be judged"
