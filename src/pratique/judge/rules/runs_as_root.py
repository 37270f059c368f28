"""`runs-as-root`: images whose process would be root unless the cluster says otherwise."""

from typing import ClassVar

from pratique.judge.rules.case import Case
from pratique.judge.rules.settings import Settings
from pratique.model.verdict import Outcome, Reason


class RunsAsRootRule(Settings, frozen=True, omit_defaults=True, tag="runs-as-root", tag_field="rule"):
    """`runs-as-root: {}`, by the `User` in its config (OCI image-spec, config.md: empty means root)."""

    id: ClassVar[str] = "runs-as-root"

    def reasons(self, case: Case) -> tuple[Reason, ...]:
        """One reason where it is root, one warning where there is no config to look at."""
        user = case.facts.user
        if user is None:
            return (Reason(self.id, Outcome.WARN, "as which user it runs is not known: there is no image config"),)
        name = user.partition(":")[0].strip()
        if name and name != "root" and not (name.isdigit() and int(name) == 0):
            return ()
        message = f"it runs as root (user {user!r})" if user else "it runs as root: it sets no user"
        return (Reason(self.id, self.action, message, "add a USER line with a number other than 0 to its Dockerfile"),)
