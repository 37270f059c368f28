"""The rule `grace-period`; now is noon of 30 June 2026."""

import pytest

from pratique.model.advisory import Severity
from pratique.model.errors import UsageError
from tests.judge.making import finding
from tests.judge.rules.judging import messages, rule

RULE = rule("grace-period: {critical: 7d, high: 30d}")


@pytest.mark.parametrize(
    ("severity", "published", "fix", "speaks"),
    [
        ("critical", "2026-06-23T11:59:59Z", ("2",), True),
        ("critical", "2026-06-23T12:00:00Z", ("2",), False),
        ("critical", "2020-01-01T00:00:00Z", (), False),
        ("high", "2026-06-01T00:00:00Z", ("2",), False),
        ("high", "2026-05-01T00:00:00Z", ("2",), True),
        ("medium", "2020-01-01T00:00:00Z", ("2",), False),
    ],
)
def test_a_severity_has_so_long_once_there_is_a_fix(
    severity: str, published: str, fix: tuple[str, ...], speaks: bool
) -> None:
    assert bool(messages(RULE, finding(severity=Severity[severity.upper()], published=published, fix=fix))) is speaks


def test_it_says_how_long_it_was_and_may_be() -> None:
    assert messages(RULE, finding(published="2026-05-01T00:00:00Z", fix=("2",))) == [
        "openssl 3.0.11-1 has CVE-2024-1 (high), 60 days for a fix, 30 days allowed, fixed in 2"
    ]


def test_without_publication_the_last_change_counts_and_without_both_it_is_a_warning() -> None:
    assert len(messages(RULE, finding(modified="2026-01-01T00:00:00Z", fix=("2",)))) == 1
    assert messages(RULE, finding(fix=("2",)), finding("CVE-2", fix=("2",))) == [
        "2 findings with a fix have no date in the advisories, so their deadline can't be told"
    ]


def test_it_needs_a_period() -> None:
    with pytest.raises(UsageError, match=r"p.yaml:3:19: the rule grace-period has no period"):
        rule("grace-period: {}")
