"""What the journeys work with. `wiring` fits the real parts; tests fit twins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pratique.attest.keys import Signer
from pratique.judge.policy import Policy
from pratique.loop.turns import Turns
from pratique.model.advisory import Advisory
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.registry.repository import Registry
from pratique.remediate.builder import Builder
from pratique.rollout.protocol import ActsOnCluster
from pratique.store.store import Store


class Advisories(Protocol):
    """The advisory store, as the journeys see it."""

    @property
    def digest(self) -> Digest:
        """Names the exact content."""

    def find(self, ecosystem: str, name: str) -> Sequence[Advisory]:
        """Everything known of a package."""

    def get(self, name: str) -> Advisory | None:
        """One advisory by any of its names."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything a journey may use; what is None is a stage of the loop that this installation does without.

    `vouch_for`: repositories (`registry/path` and all below) whose pushed images we attest, and sign unless the policy
    denies them; what we made ourselves is attested everywhere. `deadline` is a rollout's, in seconds.
    `parallel` is how many images one wave heals at a time. `turns` keeps journeys out of each other's way.
    `announce` is told of every image of which something new was attested, or that a tag of ours names now.
    """

    registry: Registry
    store: Store
    advisories: Advisories
    policy: Policy
    now: Callable[[], datetime]
    signer: Signer | None = None
    builder: Builder | None = None
    cluster: ActsOnCluster | None = None
    vouch_for: tuple[str, ...] = ()
    deadline: float = 300.0
    parallel: int = 4
    turns: Turns = field(default_factory=Turns)
    announce: Callable[[Reference, Digest], None] = lambda reference, digest: None

    def vouches(self, reference: Reference) -> bool:
        """Whether images that others push there are ours to attest."""
        below = (
            reference.name == entry or reference.name.startswith(entry.rstrip("/") + "/") for entry in self.vouch_for
        )
        return self.signer is not None and any(below)

    def moment(self) -> str:
        """The time now, RFC 3339 in UTC to the millisecond: for events."""
        return self.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def stamp(self) -> str:
        """The time now, RFC 3339 in UTC to the second."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
