"""`required-packages`: packages that every image must have."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.patterns import first_of_package
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class RequiredPackagesRule(Settings, frozen=True, omit_defaults=True, tag="required-packages", tag_field="rule"):
    """`required-packages: {packages: [ca-certificates]}`; each pattern must fit some package."""

    id: ClassVar[str] = "required-packages"

    packages: Texts

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each pattern that nothing fits."""
        installed = case.inventory.packages
        missing = [
            pattern for pattern in self.packages if not any(first_of_package((pattern,), one) for one in installed)
        ]
        return tuple(
            Reason(self.id, self.action, f"no package fits {pattern}, which is required", f"install {pattern}", pattern)
            for pattern in missing
        )
