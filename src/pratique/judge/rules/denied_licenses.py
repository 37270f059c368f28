"""`denied-licenses`: packages under a licence that must not be used."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.licences import best, choices
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class DeniedLicensesRule(Settings, frozen=True, omit_defaults=True, tag="denied-licenses", tag_field="rule"):
    """`denied-licenses: {licenses: [AGPL-*, SSPL-1.0]}`. Where a package gives a choice, one allowed is enough."""

    id: ClassVar[str] = "denied-licenses"

    licenses: Texts

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each package and denied licence."""
        return tuple(
            Reason(
                self.id,
                self.action,
                f"{package.name} {package.version} is under {problem[0]}, and the policy denies {problem[1]}",
                f"replace {package.name}, or use it under another licence",
                package.purl,
            )
            for package in case.inventory.packages
            for alternatives in choices(package)
            if (problem := best(alternatives, self.licenses, wanted=False))
        )
