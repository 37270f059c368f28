"""The rule `severity`."""

import pytest

from pratique.judge.rules.severity import SeverityRule
from pratique.model.advisory import Severity
from pratique.model.inventory import Source
from pratique.model.verdict import Outcome, Reason
from tests.judge.making import deb, finding, npm
from tests.judge.rules.judging import reasons


@pytest.mark.parametrize(
    ("at_least", "fixable_only", "severity", "fix", "speaks"),
    [
        ("high", False, "critical", (), True),
        ("high", False, "high", (), True),
        ("high", False, "medium", (), False),
        ("high", False, "unknown", (), False),
        ("high", True, "critical", (), False),
        ("high", True, "critical", ("2",), True),
        ("high", True, "low", ("2",), False),
        ("unknown", False, "unknown", (), True),
        ("negligible", False, "unknown", (), False),
    ],
)
def test_it_speaks_of_findings_that_are_bad_enough(
    at_least: str, fixable_only: bool, severity: str, fix: tuple[str, ...], speaks: bool
) -> None:
    rule = SeverityRule(Outcome.DENY, Severity[at_least.upper()], fixable_only)
    assert bool(reasons(rule, finding(severity=Severity[severity.upper()], fix=fix))) is speaks


def test_its_reason_names_package_version_vulnerability_and_fix() -> None:
    package = deb("libssl3", "3.0.11-1", Source("openssl", "3.0.11-1"))
    rule = SeverityRule(Outcome.DENY, Severity.HIGH)
    assert reasons(rule, finding("CVE-2024-1", Severity.HIGH, package, ("3.0.13-1", "3.1"))) == (
        Reason(
            rule="severity",
            outcome=Outcome.DENY,
            message="libssl3 3.0.11-1 has CVE-2024-1 (high), fixed in 3.0.13-1",
            remedy="update to libssl3 (source package openssl) 3.0.13-1 or later and rebuild",
            subject="CVE-2024-1 pkg:deb/debian/libssl3@3.0.11-1",
        ),
    )


def test_a_finding_of_the_base_image_is_mended_by_another_base() -> None:
    [reason] = reasons(SeverityRule(Outcome.DENY, Severity.HIGH), finding(fix=("3.0.13-1",), in_base=True))
    assert reason.remedy == "rebuild on a base image that has openssl 3.0.13-1 or later"


def test_without_a_fix_the_remedy_is_to_remove_or_to_ignore() -> None:
    [reason] = reasons(SeverityRule(Outcome.WARN, Severity.UNKNOWN), finding(severity=Severity.UNKNOWN))
    assert reason.message == "openssl 3.0.11-1 has CVE-2024-1 (severity unknown), no fix known"
    assert reason.remedy == "remove openssl if it isn't needed, or ignore CVE-2024-1 with a reason and an expiry date"


def test_copies_of_a_language_package_are_told_apart_by_their_path() -> None:
    copies = [finding(package=npm("lodash", "4.17.20", f"app/{where}/package.json")) for where in ("a", "b")]
    messages = [reason.message for reason in reasons(SeverityRule(Outcome.DENY, Severity.HIGH), *copies)]
    assert messages == [
        f"lodash 4.17.20 (app/{where}/package.json) has CVE-2024-1 (high), no fix known" for where in ("a", "b")
    ]
