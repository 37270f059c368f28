"""Every rule, once. A new rule is a file beside this one, and a name in both places here."""

from collections.abc import Mapping

from pratique.judge.rules.finding_age import FindingAgeRule
from pratique.judge.rules.fixable import FixableRule
from pratique.judge.rules.severity import SeverityRule
from pratique.judge.rules.unscanned import UnscannedRule

Rule = SeverityRule | FixableRule | FindingAgeRule | UnscannedRule

RULES: Mapping[str, type[Rule]] = {rule.id: rule for rule in (SeverityRule, FixableRule, FindingAgeRule, UnscannedRule)}
