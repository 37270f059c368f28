"""`fixable`: findings for which a fixed version is known."""

from typing import ClassVar

import msgspec

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case, reason
from pratique.model.advisory import Severity
from pratique.model.verdict import Outcome, Reason


class FixableRule(msgspec.Struct, frozen=True, omit_defaults=True, tag="fixable", tag_field="rule"):
    """`fixable: {at_least: low}`; without `at_least`, of any severity."""

    id: ClassVar[str] = "fixable"

    action: Outcome
    at_least: Severity = Severity.UNKNOWN

    @classmethod
    def read(cls, fields: Fields, action: Outcome) -> "FixableRule":
        """Read the rule's settings. Raises UsageError."""
        return cls(action, fields.severity("at_least", Severity.UNKNOWN))

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding that has a fix."""
        return tuple(
            reason(self.id, self.action, finding)
            for finding in case.findings
            if finding.fix_versions and finding.severity >= self.at_least
        )
