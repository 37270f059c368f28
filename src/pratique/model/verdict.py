"""A verdict on an image: the same inputs give the same verdict, so it can be replayed."""

from enum import StrEnum

import msgspec

from pratique.model.digest import Digest


class Outcome(StrEnum):
    """What a policy said."""

    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason for an outcome: the rule's id, what is wrong in a sentence, and what would change it."""

    rule: str
    outcome: Outcome
    message: str
    remedy: str = ""
    subject: str = ""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a policy says of an image. `judged_at` is RFC 3339 in UTC; digests name the exact policy and advisories."""

    image: Digest | None
    outcome: Outcome
    reasons: tuple[Reason, ...]
    policy_digest: Digest
    advisories_digest: Digest
    judged_at: str
