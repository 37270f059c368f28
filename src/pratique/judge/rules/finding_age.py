"""`finding-age`: findings whose vulnerability has been public for too long.

The age counts from `published`; where a record has none, from `modified`, which is later: such a finding may be older
than we say, never younger. Findings with neither are counted in one warning, not passed over.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case, reason
from pratique.model.advisory import Severity
from pratique.model.finding import Finding
from pratique.model.verdict import Outcome, Reason


class FindingAgeRule(msgspec.Struct, frozen=True, omit_defaults=True, tag="finding-age", tag_field="rule"):
    """`finding-age: {older_than: 30d, at_least: medium}`; without `at_least`, of any severity."""

    id: ClassVar[str] = "finding-age"

    action: Outcome
    older_than: timedelta
    at_least: Severity = Severity.UNKNOWN

    @classmethod
    def read(cls, fields: Fields, action: Outcome) -> "FindingAgeRule":
        """Read the rule's settings. Raises UsageError."""
        return cls(action, fields.duration("older_than"), fields.severity("at_least", Severity.UNKNOWN))

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding that is old enough, and one for all whose age isn't known."""
        bad = [finding for finding in case.findings if finding.severity >= self.at_least]
        ages = [(finding, _age(finding, case.now)) for finding in bad]
        old = tuple(
            reason(self.id, self.action, finding, f"public for {age.days} days")
            for finding, age in ages
            if age is not None and age > self.older_than
        )
        ageless = sum(1 for _, age in ages if age is None)
        return (*old, _ageless(self.id, ageless)) if ageless else old


def _ageless(rule: str, count: int) -> Reason:
    some = "1 finding has" if count == 1 else f"{count} findings have"
    return Reason(
        rule,
        Outcome.WARN,
        f"{some} no date in the advisories, so their age can't be judged",
        "use the rule severity or fixable for these",
    )


def _age(finding: Finding, now: datetime) -> timedelta | None:
    for text in (finding.published, finding.modified):
        try:
            since = datetime.fromisoformat(text)
        except ValueError:
            continue
        return now - (since if since.tzinfo else since.replace(tzinfo=UTC))
    return None
