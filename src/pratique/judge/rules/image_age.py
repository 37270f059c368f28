"""`image-age`: images that were built too long ago."""

from datetime import timedelta
from typing import ClassVar

from pratique.judge.rules.case import Case, days, since
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Reason

_EPOCH = timedelta(days=365 * 20)  # reproducible builds say 1970 or 1980: that is no age


class ImageAgeRule(Settings, frozen=True, omit_defaults=True, tag="image-age", tag_field="rule"):
    """`image-age: {older_than: 90d}`, by the creation time in its config; an unknown age is a reason too."""

    id: ClassVar[str] = "image-age"

    older_than: timedelta

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where the image is older, or where its age can't be told."""
        age = since(case.facts.created, case.now)
        if age is not None and age <= self.older_than:
            return ()
        if age is None or age > _EPOCH:
            says = f" (it says {case.facts.created[:40]})" if case.facts.created else ""
            message = f"when it was built is not known{says}"
        else:
            message = f"it was built {days(age)} ago, {days(self.older_than)} are allowed"
        return (Reason(self.id, self.action, message, "build it again"),)
