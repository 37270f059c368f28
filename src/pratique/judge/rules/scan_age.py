"""`scan-age`: findings that were looked for too long ago, or with advisories that are too old."""

from datetime import timedelta
from typing import ClassVar

from pratique.judge.rules.case import Case, days, since
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Reason


class ScanAgeRule(Settings, frozen=True, omit_defaults=True, tag="scan-age", tag_field="rule"):
    """`scan-age: {older_than: 1d, advisories: 2d}`; without `advisories`, the same for both."""

    id: ClassVar[str] = "scan-age"

    older_than: timedelta
    advisories: timedelta | None = None

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for a scan, and one for advisories, that are too old or of unknown age."""
        facts = case.facts
        ages = (
            ("the scan", facts.scanned_at, self.older_than, "scan it again"),
            ("the advisories", facts.advisories_at, self.advisories or self.older_than, "run pratique db build"),
        )
        found = []
        for what, told, limit, remedy in ages:
            age = since(told, case.now)
            verb = "are" if what.endswith("s") else "is"
            if age is None:
                found.append(Reason(self.id, self.action, f"how old {what} {verb} is not known", remedy, what))
            elif age > limit:
                words = f"{what} {verb} {days(age)} old, {days(limit)} are allowed"
                found.append(Reason(self.id, self.action, words, remedy, what))
        return tuple(found)
