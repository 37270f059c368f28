"""`end-of-life`: images of a distribution that mends nothing any more."""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from pratique.judge.rules.case import Case, days
from pratique.judge.rules.settings import Settings
from pratique.model.inventory import Distro
from pratique.model.verdict import Outcome, Reason


class EndOfLifeRule(Settings, frozen=True, omit_defaults=True, tag="end-of-life", tag_field="rule"):
    """`end-of-life: {within: 30d}`: past its day, or that many days before it. Without a distribution, nothing."""

    id: ClassVar[str] = "end-of-life"

    within: timedelta = timedelta()

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where the distribution has ended or will soon, one warning where that isn't known."""
        distro = case.inventory.distro
        if distro is None:
            return ()
        name = distro.name or f"{distro.id} {distro.version_id}".strip()
        left = _left(distro, case.now)
        if left is None:
            return (Reason(self.id, Outcome.WARN, f"until when {name} is supported is not known", "", distro.id),)
        if left > self.within:
            return ()
        ends = f"reaches its end of life on {distro.end_of_life}, in {days(left)}"
        if left < timedelta():
            ends = f"reached its end of life on {distro.end_of_life}: no more fixes"
        return (Reason(self.id, self.action, f"{name} {ends}", "move to a base image of a newer release", distro.id),)


def _left(distro: Distro, now: datetime) -> timedelta | None:
    """The time until the end of the last day."""
    try:
        day = datetime.strptime(distro.end_of_life, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day + timedelta(days=1) - now
