"""What a cluster can do for us; `cluster.Cluster` is the real one, `in_memory.InMemoryCluster` its twin."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pratique.model.digest import Digest
from pratique.model.workload import RolloutState, Workload
from pratique.rollout.patch import Record

OnProgress = Callable[[RolloutState], None]


class ActsOnCluster(Protocol):
    """Raises, everywhere: Unavailable (no answer), Refused (not allowed), NotFound (gone), InvalidData (nonsense)."""

    def list_workloads(self, namespaces: Sequence[str] = ()) -> tuple[Workload, ...]:
        """All workloads, or those of some namespaces (NotFound when there is no such namespace)."""

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        """One workload with what its pods run."""

    def set_images(self, workload: Workload, images: Mapping[str, str]) -> dict[str, str]:
        """Set image strings by container name and remember the former ones, returned; {} when nothing changed.

        Raises UsageError (no such container) and Unsafe (an object whose image can't be changed).
        """

    def watch(
        self,
        workload: Workload,
        digests: Sequence[Digest] = (),
        deadline: float = 600,
        on_progress: OnProgress | None = None,
    ) -> RolloutState:
        """Wait until the rollout is COMPLETE (with all `digests` proven), FAILED or WAITING.

        It is FAILED when it is not complete after `deadline` seconds.
        """

    def recorded(self, workload: Workload) -> Record:
        """What the workload remembers of the last rollout."""

    def settle(self, workload: Workload) -> None:
        """Note that the pending rollout is complete."""

    def undo(self, workload: Workload, previous: Mapping[str, str]) -> None:
        """Set the images back and forget them."""

    def running_digests(self, workload: Workload) -> tuple[Digest, ...]:
        """The digests that the workload's pods report to run, sorted."""
