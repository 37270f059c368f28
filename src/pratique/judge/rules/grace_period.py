"""`grace-period`: findings that could have been mended for longer than their severity allows.

The time counts from when a fix became available. Advisories rarely say when; then it counts from the vulnerability's
publication, and where that isn't known either from the record's last change. A finding without a fix has no deadline.
"""

from datetime import timedelta
from typing import ClassVar

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case, days, reason, since
from pratique.judge.rules.settings import Settings
from pratique.model.advisory import Severity
from pratique.model.finding import Finding
from pratique.model.verdict import Outcome, Reason


class GracePeriodRule(Settings, frozen=True, omit_defaults=True, tag="grace-period", tag_field="rule"):
    """`grace-period: {critical: 7d, high: 30d, medium: 90d}`; a severity without a period has no deadline."""

    id: ClassVar[str] = "grace-period"

    critical: timedelta | None = None
    high: timedelta | None = None
    medium: timedelta | None = None
    low: timedelta | None = None
    negligible: timedelta | None = None
    unknown: timedelta | None = None

    def check(self, fields: Fields) -> None:
        """At least one severity has a period. Raises UsageError."""
        if not self._periods():
            raise fields.place.error(f"the rule {self.id} has no period", "write it as {critical: 7d, high: 30d}")

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding past its deadline, and one for all whose time can't be told."""
        periods = self._periods()
        fixable = [one for one in case.findings if one.fix_versions and one.severity in periods]
        ages = [(one, _age(one, case)) for one in fixable]
        late = tuple(
            reason(self.id, self.action, one, f"{days(age)} for a fix, {days(periods[one.severity])} allowed")
            for one, age in ages
            if age is not None and age > periods[one.severity]
        )
        dateless = sum(1 for _, age in ages if age is None)
        return (*late, _dateless(self.id, dateless)) if dateless else late

    def _periods(self) -> dict[Severity, timedelta]:
        return {severity: period for severity in Severity if (period := getattr(self, severity.word)) is not None}


def _age(finding: Finding, case: Case) -> timedelta | None:
    ages = (since(text, case.now) for text in (finding.published, finding.modified))
    return next((age for age in ages if age is not None), None)


def _dateless(rule: str, count: int) -> Reason:
    some = "1 finding with a fix has" if count == 1 else f"{count} findings with a fix have"
    return Reason(
        rule,
        Outcome.WARN,
        f"{some} no date in the advisories, so their deadline can't be told",
        "use the rule severity with fixable_only for these",
    )
