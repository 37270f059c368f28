"""Plans: what would be done to an image, and why. Nothing here does it."""

from enum import StrEnum

import msgspec

from pratique.model.digest import Digest
from pratique.model.reference import Reference


class Strategy(StrEnum):
    """How an image is made well."""

    NONE = "none"
    REBASE = "rebase"
    REBUILD = "rebuild"


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change with its reason: what was, what will be."""

    reason: str
    old: str = ""
    new: str = ""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What will be done to the image `digest` that is published as `image`: `base` moves from one digest to another."""

    image: Reference
    digest: Digest
    strategy: Strategy
    changes: tuple[Change, ...] = ()
    base: Reference | None = None
    old_base: Digest | None = None
    new_base: Digest | None = None


class Rebuild(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a plan: the old digest, the new one, and the plan that led there."""

    old: Digest
    new: Digest
    plan: Plan


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that validation looked at: passed or not, and what was seen."""

    name: str
    passed: bool
    detail: str = ""


class Validation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The evidence that a rebuilt image may take the old one's place."""

    old: Digest
    new: Digest
    checks: tuple[Check, ...]
    fixed: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)
