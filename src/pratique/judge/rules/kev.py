"""`kev`: findings that are known to be exploited (CISA's catalogue of known exploited vulnerabilities)."""

from typing import ClassVar

from pratique.judge.rules.case import Case, reason
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Reason


class KevRule(Settings, frozen=True, omit_defaults=True, tag="kev", tag_field="rule"):
    """`kev: {fixable_only: true}`; needs advisories that were built with the catalogue."""

    id: ClassVar[str] = "kev"

    fixable_only: bool = False

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding in the catalogue."""
        return tuple(
            reason(self.id, self.action, finding, "known to be exploited")
            for finding in case.findings
            if finding.kev and (finding.fix_versions or not self.fixable_only)
        )
