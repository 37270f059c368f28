"""How the rules' specifications are run: a rule, some findings, and what it says of them."""

from datetime import UTC, datetime

from pratique.judge import policy
from pratique.judge.rules.case import Case, Facts
from pratique.judge.rules.table import Rule
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Skipped
from pratique.model.verdict import Reason

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def reasons(
    rule: Rule,
    *findings: Finding,
    skipped: tuple[Skipped, ...] = (),
    unmatched: tuple[Skipped, ...] = (),
    inventory: Inventory | None = None,
    facts: Facts | None = None,
) -> tuple[Reason, ...]:
    return rule.reasons(Case(inventory or Inventory(skipped=skipped), findings, unmatched, NOW, facts or Facts()))


def messages(rule: Rule, *findings: Finding, inventory: Inventory | None = None, **facts: object) -> list[str]:
    """What a rule says, given an inventory and facts."""
    told = Facts(**facts)  # type: ignore[arg-type]
    return [reason.message for reason in reasons(rule, *findings, inventory=inventory, facts=told)]


def rule(text: str, action: str = "deny") -> Rule:
    """A rule as a policy writes it."""
    [found] = policy.parse(f"version: 1\nrules:\n  - {text}\n    action: {action}\n".encode(), "p.yaml").rules
    return found
