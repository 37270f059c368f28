"""Where scanners disagree."""

from pratique.model.advisory import Severity
from pratique.model.finding import Evidence, Finding
from pratique.report.agreement import disagreements
from tests.report.samples import OPENSSL

BOTH = ("pratique", "trivy")


def found(*said: str, severity: Severity = Severity.HIGH) -> Finding:
    """A finding with evidence of our own (no colon) or of a scanner (`trivy:low`)."""
    evidence = tuple(
        Evidence("CVE-1", f"scanner:{tool}" if word else tool, "", "a", "1", f"{word}, no fix")
        for tool, _, word in (one.partition(":") for one in said)
    )
    return Finding("CVE-1", OPENSSL, severity, evidence=evidence)


def words(*said: str) -> list[str]:
    return [told for _, told in disagreements([found(*said)], BOTH)]


def test_who_has_it_and_who_has_not() -> None:
    assert words("debian") == ["found by pratique, not by trivy"]
    assert words("trivy:high") == ["found by trivy, not by pratique"]


def test_how_bad_each_says_it_is() -> None:
    assert words("debian", "trivy:low") == ["pratique says high, trivy says low"]


def test_where_all_agree_or_one_does_not_know_there_is_nothing_to_say() -> None:
    assert words("debian", "trivy:high") == []
    assert words("debian", "trivy:unknown") == []


def test_scanners_that_were_not_asked_for_do_not_count() -> None:
    assert words("grype:high") == []
