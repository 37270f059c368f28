"""`base-image`: images that are built on another base than those allowed."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.patterns import first_fitting
from pratique.judge.rules.settings import Settings, Texts
from pratique.model.verdict import Reason


class BaseImageRule(Settings, frozen=True, omit_defaults=True, tag="base-image", tag_field="rule"):
    """`base-image: {allow: [registry.example/base/*]}`. A base that isn't known is not allowed."""

    id: ClassVar[str] = "base-image"

    allow: Texts

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where the base isn't allowed or isn't known."""
        base = case.facts.base
        if base and first_fitting(self.allow, base):
            return ()
        allowed = ", ".join(self.allow)
        message = f"it is built on {base}, which is not allowed" if base else "what it is built on is not known"
        remedy = f"build it on one of: {allowed}"
        if not base:
            remedy += "; the build must say so in the annotation org.opencontainers.image.base.name"
        return (Reason(self.id, self.action, message, remedy, base or ""),)
