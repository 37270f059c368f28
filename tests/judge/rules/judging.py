"""How the rules' specifications are run: a rule, some findings, and what it says of them."""

from datetime import UTC, datetime

from pratique.judge.rules.case import Case
from pratique.judge.rules.table import Rule
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Skipped
from pratique.model.verdict import Reason

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def reasons(
    rule: Rule, *findings: Finding, skipped: tuple[Skipped, ...] = (), unmatched: tuple[Skipped, ...] = ()
) -> tuple[Reason, ...]:
    return rule.reasons(Case(Inventory(skipped=skipped), findings, unmatched, NOW))
