"""`allowed-licenses`: packages under any other licence than these."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.licences import best, choices
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class AllowedLicensesRule(Settings, frozen=True, omit_defaults=True, tag="allowed-licenses", tag_field="rule"):
    """`allowed-licenses: {licenses: [MIT, Apache-2.0, BSD-*], unknown: true}`; `unknown: true` lets none pass too."""

    id: ClassVar[str] = "allowed-licenses"

    licenses: Texts
    unknown: bool = False

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each package and licence that isn't allowed, or for a package that says nothing of it."""
        found = []
        for package in case.inventory.packages:
            known = choices(package)
            problems = [problem[0] for each in known if (problem := best(each, self.licenses, wanted=True))]
            says = f"{package.name} {package.version}"
            if not known and not self.unknown:
                found.append((package, f"{says} names no licence"))
            found += [(package, f"{says} is under {name}, which the policy doesn't allow") for name in problems]
        return tuple(
            Reason(self.id, self.action, message, f"replace {package.name}, or have its licence allowed", package.purl)
            for package, message in found
        )
