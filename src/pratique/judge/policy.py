"""Policies: what makes an image unfit. One YAML document:

    version: 1
    name: production
    rules:                      # one id each, with its settings; the worst action of all reasons decides
      - severity: {at_least: high, fixable_only: true}
        action: deny            # or warn
      - finding-age: {older_than: 30d, at_least: medium}    # h, d or w; since the vulnerability was published
        action: warn
      - fixable: {at_least: low}
        action: warn
      - unscanned: {}           # what could not be read or compared
        action: warn
    ignore:
      - vulnerability: CVE-2024-1       # or any other of its names
        package: openssl                # optional; binary or source package
        reason: "not reachable: we only verify signatures"
        owner: team@example.com
        expires: 2026-12-31             # the last day on which it holds, UTC; required

Severities: unknown, negligible, low, medium, high, critical.
"""

import msgspec

from pratique.judge import ignores
from pratique.judge.fields import Fields
from pratique.judge.ignores import Ignore
from pratique.judge.rules.severity import SeverityRule
from pratique.judge.rules.table import RULES, Rule
from pratique.judge.rules.unscanned import UnscannedRule
from pratique.judge.tree import Node
from pratique.model.advisory import Severity
from pratique.model.digest import Digest, digest_of
from pratique.model.verdict import Outcome

_ACTIONS = (Outcome.DENY.value, Outcome.WARN.value)


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A policy as read. Equal content has an equal digest, whatever its comments, key order and layout."""

    name: str
    rules: tuple[Rule, ...]
    ignore: tuple[Ignore, ...] = ()

    @property
    def digest(self) -> Digest:
        """The sha256 of the policy's canonical JSON."""
        return digest_of(msgspec.json.encode(self, order="deterministic"))


DEFAULT = Policy(
    name="default",
    rules=(
        SeverityRule(Outcome.DENY, Severity.HIGH, fixable_only=True),
        SeverityRule(Outcome.WARN, Severity.UNKNOWN),
        UnscannedRule(Outcome.WARN),
    ),
)
"""Deny what is high or critical and can be fixed; warn of the rest, and of what could not be scanned."""


def parse(data: bytes, name: str) -> Policy:
    """Read a policy; `name` is its file's. Raises UsageError with file, line, column and the near word."""
    from pratique.judge import policy_yaml  # a scan with the default policy needs no YAML

    fields = Fields(policy_yaml.load(data, name), "the policy")
    fields.choice("version", ("1",))
    policy = Policy(
        name=fields.text("name", "policy"),
        rules=tuple(_rule(node) for node in fields.items("rules")),
        ignore=tuple(ignores.read(node) for node in fields.items("ignore")),
    )
    fields.close()
    if not policy.rules:
        raise fields.place.error("the policy has no rules", "give at least one below rules:")
    return policy


def _rule(node: Node) -> Rule:
    fields = Fields(node, "a rule")
    identity, settings = fields.one_of(RULES)
    action = Outcome(fields.choice("action", _ACTIONS))
    fields.close()
    inner = Fields(settings, f"the rule {identity}")
    rule = RULES[identity].read(inner, action)
    inner.close()
    return rule
