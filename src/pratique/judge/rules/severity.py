"""`severity`: findings at or above a severity, all of them or those that have a fix."""

from typing import ClassVar

import msgspec

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case, reason
from pratique.model.advisory import Severity
from pratique.model.verdict import Outcome, Reason


class SeverityRule(msgspec.Struct, frozen=True, omit_defaults=True, tag="severity", tag_field="rule"):
    """`severity: {at_least: high, fixable_only: true}`."""

    id: ClassVar[str] = "severity"

    action: Outcome
    at_least: Severity
    fixable_only: bool = False

    @classmethod
    def read(cls, fields: Fields, action: Outcome) -> "SeverityRule":
        """Read the rule's settings. Raises UsageError."""
        return cls(action, fields.severity("at_least"), fields.flag("fixable_only", default=False))

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding that is bad enough."""
        return tuple(
            reason(self.id, self.action, finding)
            for finding in case.findings
            if finding.severity >= self.at_least and (finding.fix_versions or not self.fixable_only)
        )
