"""What the journeys work with. `wiring.py` fits the real parts; tests fit twins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pratique.attest.keys import Signer
from pratique.judge.policy import Policy
from pratique.model.advisory import Advisory
from pratique.model.digest import Digest
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


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Everything a journey may use; what is None is a stage of the loop that this installation does without.

    `sign_pushed`: sign and attest images that others push when the policy does not deny them, not only our own.
    `work` is a folder for build output; `deadline` is a rollout's, in seconds.
    """

    registry: Registry
    store: Store
    advisories: Advisories
    policy: Policy
    now: Callable[[], datetime]
    work: Path
    signer: Signer | None = None
    builder: Builder | None = None
    cluster: ActsOnCluster | None = None
    sign_pushed: bool = True
    deadline: float = 300.0

    def stamp(self) -> str:
        """The time now, RFC 3339 in UTC to the second."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
