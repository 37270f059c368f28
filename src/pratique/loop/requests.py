"""What goes into a journey, and what comes out."""

from enum import StrEnum

import msgspec

from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from pratique.model.workload import RolloutState


class Push(msgspec.Struct, frozen=True):
    """A tag names a new image: `reference` is the tag, `digest` the manifest or index that was pushed."""

    reference: Reference
    digest: Digest


class Heal(msgspec.Struct, frozen=True):
    """`image`, now at `digest`, was built on `old_base`; the same base is now `new_base`.

    A hint, like a push: by the time that the heal begins, both may have moved on, and it aims at what is newest then.
    """

    image: Reference
    digest: Digest
    base: Reference
    old_base: Digest
    new_base: Digest


class Fate(StrEnum):
    """What became of an image on its way to health."""

    HEALED = "healed"
    CURRENT = "current"  # nothing to do
    HELD = "held"  # made, and not good enough to take the old one's place
    FAILED = "failed"
    SKIPPED = "skipped"  # its own base failed
    OVERTAKEN = "overtaken"  # somebody pushed another image under its tag meanwhile: that one is the one to heal


class Healed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a heal ended: the new digest where there is one, the reason where there isn't, and the rollouts.

    For an image that needed nothing, `new` is where it is.
    """

    image: Reference
    old: Digest
    fate: Fate
    new: Digest | None = None
    reason: str = ""
    rollouts: tuple[RolloutState, ...] = ()


class Pushed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a push ended: the image's own digest, whether it was new to us, its verdict, and what was healed by it.

    `reason` says why a journey that failed did.
    """

    reference: Reference
    digest: Digest
    known: bool
    outcome: Outcome | None = None
    signed: bool = False
    healed: tuple[Healed, ...] = ()
    reason: str = ""
