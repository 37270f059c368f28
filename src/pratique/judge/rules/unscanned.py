"""`unscanned`: what could not be read in the image, or not be compared with advisories: never silence."""

from typing import ClassVar

import msgspec

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case
from pratique.model.inventory import Skipped
from pratique.model.verdict import Outcome, Reason


class UnscannedRule(msgspec.Struct, frozen=True, omit_defaults=True, tag="unscanned", tag_field="rule"):
    """`unscanned: {}`."""

    id: ClassVar[str] = "unscanned"

    action: Outcome

    @classmethod
    def read(cls, fields: Fields, action: Outcome) -> "UnscannedRule":
        """Read the rule's settings: it has none."""
        return cls(action)

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each thing that was skipped."""
        skipped = sorted({*case.inventory.skipped, *case.unmatched})
        return tuple(self._reason(item) for item in skipped)

    def _reason(self, item: Skipped) -> Reason:
        message = f"{item.path} was not scanned: {item.reason}"
        return Reason(self.id, self.action, message, "what it holds is unknown: look at it by hand", item.path)
