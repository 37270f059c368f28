"""The rule `unscanned`."""

from pratique.judge.rules.unscanned import UnscannedRule
from pratique.model.inventory import Skipped
from pratique.model.verdict import Outcome, Reason
from tests.judge.making import finding
from tests.judge.rules.judging import reasons


def test_it_speaks_of_all_that_was_not_read_or_not_compared() -> None:
    found = reasons(
        UnscannedRule(Outcome.DENY),
        skipped=(Skipped("var/lib/rpm/rpmdb.sqlite", "RPM databases are not read"),),
        unmatched=(Skipped("etc/os-release", "the distribution fedora 40 is not supported"),),
    )
    assert [reason.message for reason in found] == [
        "etc/os-release was not scanned: the distribution fedora 40 is not supported",
        "var/lib/rpm/rpmdb.sqlite was not scanned: RPM databases are not read",
    ]
    assert {reason.outcome for reason in found} == {Outcome.DENY}


def test_what_scanner_and_matcher_both_skipped_is_said_once() -> None:
    same = (Skipped("a", "b"),)
    assert reasons(UnscannedRule(Outcome.WARN), skipped=same, unmatched=same) == (
        Reason("unscanned", Outcome.WARN, "a was not scanned: b", "what it holds is unknown: look at it by hand", "a"),
    )


def test_findings_do_not_concern_it() -> None:
    assert reasons(UnscannedRule(Outcome.WARN), finding()) == ()
