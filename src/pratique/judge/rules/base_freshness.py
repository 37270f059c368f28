"""`base-freshness`: images whose base has had a newer digest under its tag for too long."""

from datetime import timedelta
from typing import ClassVar

from pratique.judge.rules.case import Case, days, since
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Outcome, Reason


class BaseFreshnessRule(Settings, frozen=True, omit_defaults=True, tag="base-freshness", tag_field="rule"):
    """`base-freshness: {behind: 14d}`; where nobody has compared, one warning says so."""

    id: ClassVar[str] = "base-freshness"

    behind: timedelta

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where the base is behind for too long."""
        told = case.facts.base_behind
        name = case.facts.base or "the base image"
        if told == "":
            return ()
        late = since(told, case.now) if told else None
        if late is None:
            return (Reason(self.id, Outcome.WARN, f"whether {name} has a newer digest is not known", "", ""),)
        if late <= self.behind:
            return ()
        message = f"{name} has had a newer digest for {days(late)}, {days(self.behind)} are allowed"
        return (Reason(self.id, self.action, message, f"rebuild on the current {name}", case.facts.base or ""),)
