"""`denied-packages`: packages that must not be in an image."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.patterns import first_of_package
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class DeniedPackagesRule(Settings, frozen=True, omit_defaults=True, tag="denied-packages", tag_field="rule"):
    """`denied-packages: {packages: [telnet*, npm/event-stream@3.3.6]}`."""

    id: ClassVar[str] = "denied-packages"

    packages: Texts

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each package that is there."""
        found = ((one, first_of_package(self.packages, one)) for one in case.inventory.packages)
        return tuple(
            Reason(
                self.id,
                self.action,
                f"{one.name} {one.version} is installed, and the policy denies {pattern}",
                f"remove {one.name} from the image",
                one.purl,
            )
            for one, pattern in found
            if pattern
        )
