"""`epss`: findings that will likely be exploited within 30 days (FIRST's Exploit Prediction Scoring System)."""

from typing import ClassVar

from pratique.judge.rules.case import Case, reason
from pratique.judge.rules.settings import Settings, Share
from pratique.model.verdict import Reason


class EpssRule(Settings, frozen=True, omit_defaults=True, tag="epss", tag_field="rule"):
    """`epss: {at_least: 0.1, fixable_only: true}`; needs advisories that were built with the scores."""

    id: ClassVar[str] = "epss"

    at_least: Share
    fixable_only: bool = False

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each finding that is likely enough; those without a score are none."""
        return tuple(
            reason(self.id, self.action, finding, f"exploitation is {finding.epss:.1%} likely within 30 days")
            for finding in case.findings
            if finding.epss is not None
            and finding.epss >= self.at_least
            and (finding.fix_versions or not self.fixable_only)
        )
