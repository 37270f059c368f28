"""The verdict: what a policy says of an image's findings at a time. The same inputs give the same bytes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pratique.judge import ignores
from pratique.judge.order import ordered
from pratique.judge.policy import Policy
from pratique.judge.rules.case import Case, Facts, reason
from pratique.model.advisory import Severity
from pratique.model.digest import Digest
from pratique.model.errors import UsageError
from pratique.model.finding import Finding, State
from pratique.model.inventory import Inventory, Skipped
from pratique.model.verdict import Outcome, Reason, Verdict

FAIL_ON = "fail-on"
NO_FACTS = Facts()

_WEIGHT = {Outcome.ALLOW: 0, Outcome.WARN: 1, Outcome.DENY: 2}
_OPEN = frozenset({State.AFFECTED, State.UNDER_INVESTIGATION})


def judge(
    policy: Policy,
    image: Digest | None,
    inventory: Inventory,
    findings: Sequence[Finding],
    advisories_digest: Digest,
    now: datetime,
    unmatched: Sequence[Skipped] = (),
    facts: Facts = NO_FACTS,
) -> Verdict:
    """Apply a policy's ignores, then its rules; the outcome is that of the worst reason.

    `unmatched` is what `match_all` could not compare: the rule `unscanned` speaks of it. `facts` are what rules about
    the image itself look at; what isn't known there is a reason too, where a rule asks for it. Reasons are sorted,
    worst first; what was ignored is named among them with the outcome ALLOW. Raises UsageError for a `now` without a
    zone.
    """
    if now.tzinfo is None:
        raise UsageError(f"the time {now.isoformat()} has no time zone", "give it in UTC")
    now = now.astimezone(UTC)
    kept, ignored = ignores.apply(policy.ignore, _open(findings), now)
    case = Case(inventory, kept, tuple(unmatched), now, facts)
    reasons = _sorted([*ignored, *(found for rule in policy.rules for found in rule.reasons(case))])
    return Verdict(
        image=image,
        outcome=reasons[0].outcome if reasons else Outcome.ALLOW,
        reasons=reasons,
        policy_digest=policy.digest,
        advisories_digest=advisories_digest,
        judged_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


def fail_on(findings: Iterable[Finding], severity: Severity) -> tuple[Reason, ...]:
    """A reason to fail for each finding at or above a severity, without any policy: for `--fail-on SEVERITY`."""
    return tuple(reason(FAIL_ON, Outcome.DENY, finding) for finding in _open(findings) if finding.severity >= severity)


def _open(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return ordered(finding for finding in findings if finding.state in _OPEN)


def _sorted(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Worst first, otherwise as they came; what a rule says twice of one thing is said once, at its worst."""
    worst_first = sorted(reasons, key=lambda found: -_WEIGHT[found.outcome])
    once = {(found.rule, found.subject, found.message): found for found in reversed(worst_first)}
    return tuple(found for found in worst_first if once[found.rule, found.subject, found.message] is found)
