"""A rollout from beginning to end: set the images, watch, go back on failure.

Nothing is kept here. The workload remembers where it came from, so the same call made again, by anybody and after a
kill at any moment, takes up what was begun.
"""

from collections.abc import Mapping

from pratique.model.errors import PratiqueError
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.rollout.find import image_digest
from pratique.rollout.patch import Memory
from pratique.rollout.protocol import ActsOnCluster, OnProgress

_WAY_BACK = 120.0  # seconds that we stay to see the old images come up again


def roll_out(
    cluster: ActsOnCluster,
    workload: Workload,
    images: Mapping[str, str],
    deadline: float = 600,
    *,
    undo_on_failure: bool = True,
    on_progress: OnProgress | None = None,
) -> RolloutState:
    """Move containers (by name) to image strings and wait: COMPLETE, WAITING (needs somebody), FAILED or UNDONE.

    `deadline` is in seconds. A rollout that was already complete when it is found failing is not undone: its
    trouble is another. Raises what `set_images` raises when nothing could be begun.
    """
    cluster.set_images(workload, images)
    digests = [digest for digest in map(image_digest, images.values()) if digest]
    state = cluster.watch(workload, digests, deadline, on_progress)
    if state.stage is Stage.COMPLETE:
        cluster.settle(workload)
    if state.stage is Stage.FAILED and undo_on_failure and _still_ours(cluster, workload, images):
        return _go_back(cluster, workload, state, on_progress)
    return state


def undo(cluster: ActsOnCluster, workload: Workload, on_progress: OnProgress | None = None) -> RolloutState:
    """Go back to the images before the last rollout; UNDONE, or FAILED when there is nothing to go back to."""
    return _go_back(
        cluster, workload, RolloutState(workload.id, Stage.COMPLETE, "undone on request"), on_progress, asked=True
    )


def _still_ours(cluster: ActsOnCluster, workload: Workload, images: Mapping[str, str]) -> bool:
    """Whether the images are as we set them: what somebody else has set since is not ours to undo."""
    seen = cluster.workload(workload.namespace, workload.kind, workload.name)
    now = {container.name: container.image for container in seen.containers}
    return all(now.get(container) == image for container, image in images.items())


def _go_back(
    cluster: ActsOnCluster,
    workload: Workload,
    state: RolloutState,
    on_progress: OnProgress | None,
    *,
    asked: bool = False,
) -> RolloutState:
    record = cluster.recorded(workload)
    if not record.previous or (record.memory is not Memory.PENDING and not asked):
        why = "nothing is remembered to go back to" if not record.previous else "not undone: it was complete before"
        return RolloutState(workload.id, Stage.FAILED, f"{state.message}; {why}")
    try:
        cluster.undo(workload, record.previous)
        back = cluster.watch(workload, (), _WAY_BACK, on_progress)
    except PratiqueError as error:
        return RolloutState(workload.id, Stage.FAILED, f"{state.message}; and the way back failed: {error}")
    images = ", ".join(sorted(set(record.previous.values())))
    trouble = "" if back.stage is Stage.COMPLETE else f" (which is {back.stage.value}: {back.message})"
    return RolloutState(workload.id, Stage.UNDONE, f"{state.message}; back to {images}{trouble}")
