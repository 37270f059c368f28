"""`expression`: what the other rules don't cover, in CEL (github.com/google/cel-spec). Needs the extra `cel`.

Compiled when the policy is read, so a mistake is shown with its place. An evaluation that fails, takes too many steps
or isn't true or false is a reason to deny: what can't be judged isn't fit.
"""

from typing import ClassVar, Literal

from pratique.judge.fields import Fields
from pratique.judge.rules.case import Case, reason
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Outcome, Reason


class ExpressionRule(Settings, frozen=True, omit_defaults=True, tag="expression", tag_field="rule"):
    """`expression: {when: 'image.user == ""', message: it sets no user}`; `each` may be image, finding or package."""

    id: ClassVar[str] = "expression"

    when: str
    message: str
    remedy: str = ""
    each: Literal["image", "finding", "package"] = "image"

    def check(self, fields: Fields) -> None:
        """It compiles, to true or false. Raises UsageError at the place of what is wrong."""
        from pratique.judge import cel

        cel.program(self.when, self.each, fields.place_of("when"))

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason for each thing of which the expression is true, and one where it could not be evaluated."""
        from pratique.judge import cel

        found: list[Reason] = []
        for subject, inputs in cel.inputs(case, self.each, self.when):
            answer = cel.evaluate(self.when, self.each, inputs)
            if isinstance(answer, str):
                message = f"the expression for {self.message!r} could not be evaluated: {answer}"
                return (*found, Reason(self.id, Outcome.DENY, message, f"mend the policy: {self.when[:200]}"))
            if answer:
                found.append(self._reason(subject, case))
        return tuple(found)

    def _reason(self, subject: int, case: Case) -> Reason:
        if self.each == "finding":
            made = reason(self.id, self.action, case.findings[subject], self.message)
            return Reason(self.id, self.action, made.message, self.remedy or made.remedy, made.subject)
        if self.each == "package":
            package = case.inventory.packages[subject]
            message = f"{package.name} {package.version}: {self.message}"
            return Reason(self.id, self.action, message, self.remedy, package.purl)
        return Reason(self.id, self.action, self.message, self.remedy)
