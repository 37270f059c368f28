"""The verdict: ignores, then rules; the worst reason decides; the same inputs give the same bytes."""

from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest

from pratique.judge.ignores import Ignore
from pratique.judge.policy import DEFAULT, Policy
from pratique.judge.rules.fixable import FixableRule
from pratique.judge.rules.severity import SeverityRule
from pratique.judge.verdict import fail_on, judge
from pratique.model.advisory import Severity
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import UsageError
from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory, Skipped, Source
from pratique.model.verdict import Outcome, Verdict
from tests.judge.making import deb, finding

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
IMAGE = digest_of(b"image")
ADVISORIES = digest_of(b"advisories")


def verdict(
    *findings: Finding,
    policy: Policy = DEFAULT,
    now: datetime = NOW,
    skipped: tuple[Skipped, ...] = (),
    unmatched: tuple[Skipped, ...] = (),
) -> Verdict:
    return judge(policy, IMAGE, Inventory(skipped=skipped), findings, ADVISORIES, now, unmatched)


def ignoring(
    vulnerability: str = "CVE-2024-1", package: str = "", expires: date = date(2026, 12, 31), *more: Ignore
) -> Policy:
    entry = Ignore(vulnerability, "not reachable", "team@x", expires, package)
    return msgspec.structs.replace(DEFAULT, ignore=(entry, *more))


def rules_of(found: Verdict) -> list[tuple[str, str]]:
    return [(reason.rule, reason.outcome.value) for reason in found.reasons]


@pytest.mark.parametrize(
    ("severity", "fix", "outcome"),
    [
        (Severity.CRITICAL, ("2",), Outcome.DENY),
        (Severity.HIGH, ("2",), Outcome.DENY),
        (Severity.HIGH, (), Outcome.WARN),
        (Severity.MEDIUM, ("2",), Outcome.WARN),
        (Severity.UNKNOWN, (), Outcome.WARN),
    ],
)
def test_the_default_policy_denies_high_and_fixable_and_warns_of_the_rest(
    severity: Severity, fix: tuple[str, ...], outcome: Outcome
) -> None:
    found = verdict(finding(severity=severity, fix=fix))
    assert found.outcome is outcome
    assert rules_of(found) == [("severity", outcome.value)], "said once, at its worst"


def test_an_image_without_findings_is_allowed() -> None:
    assert verdict() == Verdict(IMAGE, Outcome.ALLOW, (), DEFAULT.digest, ADVISORIES, "2026-06-30T12:00:00Z")


def test_the_worst_reasons_come_first_and_decide() -> None:
    found = verdict(
        finding("CVE-2024-1", Severity.LOW),
        finding("CVE-2024-2", Severity.CRITICAL, fix=("2",)),
        finding("CVE-2024-3", Severity.HIGH),
    )
    assert found.outcome is Outcome.DENY
    assert [reason.subject.partition(" ")[0] for reason in found.reasons] == ["CVE-2024-2", "CVE-2024-3", "CVE-2024-1"]


@pytest.mark.parametrize("where", ["skipped", "unmatched"])
def test_what_was_not_scanned_or_not_matched_is_warned_of(where: str) -> None:
    found = verdict(**{where: (Skipped("etc/os-release", "unsupported"),)})  # type: ignore[arg-type]
    assert rules_of(found) == [("unscanned", "warn")]


@pytest.mark.parametrize("state", [State.NOT_AFFECTED, State.FIXED])
def test_findings_that_do_not_affect_the_image_are_not_judged(state: State) -> None:
    assert verdict(finding(fix=("2",), state=state)).outcome is Outcome.ALLOW
    assert fail_on([finding(state=state)], Severity.LOW) == ()


def test_a_finding_under_investigation_is_judged() -> None:
    assert verdict(finding(fix=("2",), state=State.UNDER_INVESTIGATION)).outcome is Outcome.DENY


def test_an_ignored_finding_counts_no_more_but_stays_visible() -> None:
    found = verdict(finding(fix=("2",)), policy=ignoring())
    assert found.outcome is Outcome.ALLOW
    [reason] = found.reasons
    assert (reason.rule, reason.outcome) == ("ignore", Outcome.ALLOW)
    assert reason.message == "CVE-2024-1 in openssl is ignored until 2026-12-31 by team@x: not reachable"


@pytest.mark.parametrize(
    ("vulnerability", "package", "ignored"),
    [
        ("CVE-2024-1", "", True),
        ("GHSA-a", "", True),
        ("CVE-2024-1", "libssl3", True),
        ("CVE-2024-1", "openssl", True),
        ("CVE-2024-1", "curl", False),
        ("CVE-2024-2", "", False),
        ("CVE-2024-10", "", False),
        ("cve-2024-1", "", False),
    ],
)
def test_an_entry_names_a_vulnerability_by_any_name_and_a_package_by_its_own_or_its_source(
    vulnerability: str, package: str, ignored: bool
) -> None:
    found = finding(package=deb("libssl3", "3", Source("openssl", "3")), fix=("4",), aliases=("GHSA-a",))
    outcome = verdict(found, policy=ignoring(vulnerability, package)).outcome
    assert (outcome is Outcome.ALLOW) is ignored


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (datetime(2026, 6, 29, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 1, 0, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), True),  # still June in UTC
    ],
)
def test_an_entry_holds_through_the_day_it_expires_on(now: datetime, holds: bool) -> None:
    found = verdict(finding(fix=("2",)), policy=ignoring(expires=date(2026, 6, 30)), now=now)
    expected = [("ignore", "allow")] if holds else [("severity", "deny"), ("ignore-expired", "warn")]
    assert rules_of(found) == expected


def test_an_expired_entry_names_its_owner() -> None:
    found = verdict(finding(severity=Severity.LOW), policy=ignoring(expires=date(2026, 6, 1)))
    [expired] = [reason for reason in found.reasons if reason.rule == "ignore-expired"]
    assert expired.message == ("team@x ignored CVE-2024-1 in openssl until 2026-06-01, which has passed: not reachable")
    assert expired.remedy == "mend it, or have team@x look again and set a later date"


def test_an_expired_entry_that_fits_nothing_is_not_spoken_of() -> None:
    assert verdict(policy=ignoring(expires=date(2026, 6, 1))).reasons == ()


def test_a_later_entry_takes_an_expired_ones_place() -> None:
    renewed = Ignore("CVE-2024-1", "still not reachable", "team@x", date(2027, 1, 1))
    found = verdict(finding(fix=("2",)), policy=ignoring("CVE-2024-1", "", date(2026, 6, 1), renewed))
    assert rules_of(found) == [("ignore", "allow")]


def test_ignoring_one_cve_does_not_hide_another_in_the_same_finding() -> None:
    both = finding(fix=("2",), aliases=("CVE-2024-2", "GHSA-a"))
    assert verdict(both, policy=ignoring("CVE-2024-1")).outcome is Outcome.DENY
    other = Ignore("CVE-2024-2", "not reachable", "team@x", date(2026, 12, 31))
    assert verdict(both, policy=ignoring("CVE-2024-1", "", date(2026, 12, 31), other)).outcome is Outcome.ALLOW


def test_the_same_inputs_give_the_same_bytes_in_any_order() -> None:
    findings = [finding(f"CVE-2024-{number}", Severity(number % 6), fix=("2",) * (number % 2)) for number in range(50)]
    one = msgspec.json.encode(verdict(*findings, policy=ignoring()))
    assert msgspec.json.encode(verdict(*reversed(findings), policy=ignoring())) == one
    assert msgspec.json.encode(verdict(*findings[25:], *findings[:25], policy=ignoring())) == one


def test_a_verdict_survives_json() -> None:
    found = verdict(finding(fix=("2",)))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found


def test_the_time_is_written_in_utc_to_the_second() -> None:
    noon = datetime(2026, 6, 30, 14, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert verdict(now=noon).judged_at == "2026-06-30T12:00:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="no time zone"):
        verdict(now=datetime(2026, 6, 30))  # noqa: DTZ001


def test_two_rules_that_object_to_one_finding_both_say_so() -> None:
    policy = Policy("p", (SeverityRule(Outcome.DENY, Severity.HIGH), FixableRule(Outcome.WARN)))
    assert rules_of(verdict(finding(fix=("2",)), policy=policy)) == [("severity", "deny"), ("fixable", "warn")]


def test_fail_on_names_every_finding_that_is_bad_enough_worst_first() -> None:
    findings = [finding(f"CVE-2024-{severity.value}", severity) for severity in Severity]
    reasons = fail_on(findings, Severity.HIGH)
    assert [(reason.rule, reason.outcome, reason.subject.partition(" ")[0]) for reason in reasons] == [
        ("fail-on", Outcome.DENY, "CVE-2024-5"),
        ("fail-on", Outcome.DENY, "CVE-2024-4"),
    ]


def test_a_verdict_about_no_image_is_possible() -> None:
    found = judge(DEFAULT, None, Inventory(), (), Digest(ADVISORIES), NOW)
    assert (found.image, found.outcome) == (None, Outcome.ALLOW)
