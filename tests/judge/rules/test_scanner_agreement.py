"""The rule `scanner-agreement`."""

from pratique.model.advisory import Severity
from pratique.model.finding import Evidence, Finding
from tests.judge.making import finding
from tests.judge.rules.judging import messages, rule

RULE = rule("scanner-agreement: {scanners: [pratique, trivy], at_least: high}")
BOTH = ("pratique", "trivy")


def found_by(*sources: str, severity: Severity = Severity.HIGH) -> Finding:
    evidence = tuple(Evidence("CVE-2024-1", source, "", "openssl", "3", "high, no fix") for source in sources)
    return finding(severity=severity, evidence=evidence)


def test_a_finding_that_one_of_them_does_not_have_is_told() -> None:
    assert messages(RULE, found_by("debian"), scanners=BOTH) == [
        "openssl 3.0.11-1 has CVE-2024-1 (high), found by pratique, not by trivy, no fix known"
    ]
    assert "found by trivy, not by pratique" in messages(RULE, found_by("scanner:trivy"), scanners=BOTH)[0]


def test_what_all_have_or_is_not_bad_enough_is_fine() -> None:
    assert messages(RULE, found_by("debian", "scanner:trivy"), scanners=BOTH) == []
    assert messages(RULE, found_by("debian", severity=Severity.LOW), scanners=BOTH) == []


def test_scanners_that_are_not_named_do_not_matter() -> None:
    assert messages(RULE, found_by("scanner:grype"), scanners=(*BOTH, "grype")) == []


def test_a_scanner_that_has_not_looked_is_told_once() -> None:
    assert messages(RULE, found_by("debian")) == ["there is no report of trivy"]
