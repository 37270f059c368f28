"""The cluster's twin: workloads in memory whose rollouts take a number of ticks, or fail on demand.

It keeps Kubernetes' objects as they are and lets `find`, `patch` and `status` decide as on a real cluster; only the
controllers are simulated, one step per tick. Time is ticks: nothing sleeps.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pratique.model.digest import Digest
from pratique.model.errors import NotFound
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.rollout import find, patch, status
from pratique.rollout.objects import Object, mapping, text
from pratique.rollout.protocol import OnProgress

_START = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(namespace: str, name: str, images: Mapping[str, str], replicas: int = 1) -> dict[str, Any]:
    """A Deployment as its author writes it."""
    containers = [{"name": container, "image": image} for container, image in images.items()]
    return {
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "uid": f"{namespace}-{name}", "generation": 1},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}},
    }


class InMemoryCluster:
    """`protocol.ActsOnCluster` without a cluster.

    A rollout takes `ticks` ticks (s) and then runs; image strings in `broken` never start, for the reason given.
    `digests` says what a tag runs as. `interrupt`, when set, is called at every tick and may raise: a kill.
    """

    def __init__(
        self, listed: Iterable[Object] = (), *, ticks: int = 2, digests: Mapping[str, Digest] | None = None
    ) -> None:
        self.ticks = ticks
        self.broken: dict[str, str] = {}
        self.digests = dict(digests or {})
        self.interrupt: Callable[[], None] = lambda: None
        self.patches: list[str] = []
        self._objects: dict[str, dict[str, Any]] = {}
        self._running: dict[
            str, tuple[dict[str, str], int]
        ] = {}  # images whose pods are up, and ticks since the change
        for obj in listed:
            self.add(obj)

    def add(self, obj: Object) -> Workload:
        """Put a Deployment in the cluster, its pods already up."""
        kept = copy.deepcopy(dict(obj))
        key = patch.described(kept)
        self._objects[key] = kept
        self._running[key] = (patch.current_images(kept), self.ticks)
        return self.workload(*key.split("/"))

    def list_workloads(self, namespaces: Sequence[str] = ()) -> tuple[Workload, ...]:
        """All workloads, or those of some namespaces (NotFound when there is no such namespace)."""
        known = {key.partition("/")[0] for key in self._objects}
        missing = sorted(set(namespaces) - known)
        if missing:
            raise NotFound(f"no namespace {missing[0]!r} in the cluster")
        found = find.workloads(obj for key in self._objects for obj in (self._objects[key], *self._pods(key)))
        return tuple(it for it in found if not namespaces or it.namespace in namespaces)

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        """One workload with what its pods run. Raises NotFound."""
        key = f"{namespace}/{kind}/{name}"
        return find.workloads([self._object(key), *self._pods(key)])[0]

    def set_images(self, workload: Workload, images: Mapping[str, str]) -> dict[str, str]:
        """Set image strings by container name and remember the former ones, returned; {} when nothing changed."""
        obj = self._object(workload.id)
        patch.check(obj, images)
        former = {it: old for it, old in patch.current_images(obj).items() if images.get(it, old) != old}
        if former:
            self._apply(workload.id, patch.images_patch(obj, images, patch.remembered(obj, images)))
        return former

    def watch(
        self,
        workload: Workload,
        digests: Sequence[Digest] = (),
        deadline: float = 600,
        on_progress: OnProgress | None = None,
    ) -> RolloutState:
        """Tick until COMPLETE (with all `digests` proven), FAILED or WAITING; FAILED after `deadline` ticks."""
        for tick in range(int(deadline) + 1):
            state = self._look(workload, tick, digests)
            if on_progress:
                on_progress(state)
            if state.stage is not Stage.PROGRESSING:
                return state
            self.tick(workload)
        return RolloutState(workload.id, Stage.FAILED, f"not complete after {deadline:g} s: {state.message}")

    def tick(self, workload: Workload) -> None:
        """Let a second pass for one workload's controller."""
        self.interrupt()
        images, passed = self._running[workload.id]
        passed += 1
        wanted = patch.current_images(self._object(workload.id))
        if passed >= self.ticks and not self._trouble(wanted):
            images = wanted
        self._running[workload.id] = (images, passed)

    def restart(self, workload: Workload) -> None:
        """Take all pods down; they come up again as the template says, if it works."""
        self._running[workload.id] = ({}, 0)

    def put_image(self, workload: Workload, container: str, image: str) -> None:
        """Change an image as somebody else would: without a word in the record."""
        obj = self._object(workload.id)
        self._apply(workload.id, patch.images_patch(obj, {container: image}, patch.record(obj)))

    def recorded(self, workload: Workload) -> patch.Record:
        """What the workload remembers of the last rollout."""
        return patch.record(self._object(workload.id))

    def settle(self, workload: Workload) -> None:
        """Note that the pending rollout is complete."""
        before = self.recorded(workload)
        if before.memory is patch.Memory.PENDING:
            done = patch.Record(before.previous, patch.Memory.COMPLETE)
            self._apply(workload.id, patch.record_patch(self._object(workload.id), done))

    def undo(self, workload: Workload, previous: Mapping[str, str]) -> None:
        """Set the images back and forget them."""
        undone = patch.Record({}, patch.Memory.UNDONE)
        self._apply(workload.id, patch.images_patch(self._object(workload.id), previous, undone))

    def running_digests(self, workload: Workload) -> tuple[Digest, ...]:
        """The digests that the workload's pods report to run, sorted."""
        found = find.running_digests(self._pods(workload.id))
        return tuple(sorted({digest for digests in found.values() for digest in digests}))

    def _object(self, key: str) -> dict[str, Any]:
        if key not in self._objects:
            raise NotFound(f"no workload {key}")
        return self._objects[key]

    def _apply(self, key: str, body: Mapping[str, Any]) -> None:
        obj = self._object(key)
        before = patch.current_images(obj)
        _merge(obj, body)
        self.patches.append(key)
        if patch.current_images(obj) != before:
            obj["metadata"]["generation"] += 1
            self._running[key] = (self._running[key][0], 0)

    def _look(self, workload: Workload, tick: int, digests: Sequence[Digest]) -> RolloutState:
        obj, pods = self._object(workload.id), self._pods(workload.id)
        wanted = patch.current_images(obj)
        new = self._running[workload.id][0] == wanted
        count = mapping(obj, "spec").get("replicas", 1)
        seen = {"observedGeneration": obj["metadata"]["generation"], "replicas": count, "availableReplicas": count}
        trouble = self._trouble(wanted)
        if trouble and not new:
            seen["conditions"] = [{"type": "ReplicaFailure", "status": "True", "message": trouble}]
        observed = obj | {"status": seen | {"updatedReplicas": count if new else 0}}
        state = status.progress(observed, pods, _START + timedelta(seconds=tick))
        return status.with_proof(state, observed, pods, digests)

    def _trouble(self, images: Mapping[str, str]) -> str:
        return next((reason for image, reason in self.broken.items() if image in images.values()), "")

    def _pods(self, key: str) -> list[dict[str, Any]]:
        obj = self._object(key)
        images = self._running[key][0]
        return [
            {
                "kind": "Pod",
                "metadata": {
                    "namespace": text(obj, "metadata", "namespace"),
                    "name": f"{obj['metadata']['name']}-{index}",
                    "ownerReferences": [{"kind": obj["kind"], "name": obj["metadata"]["name"], "controller": True}],
                },
                "spec": {"containers": [{"name": it, "image": image} for it, image in images.items()]},
                "status": {"phase": "Running", "containerStatuses": [self._status(*it) for it in images.items()]},
            }
            for index in range(mapping(obj, "spec").get("replicas", 1))
        ]

    def _status(self, container: str, image: str) -> dict[str, Any]:
        digest = find.image_digest(image) or self.digests.get(image)
        return {"name": container, "ready": True, "imageID": f"{image.partition('@')[0]}@{digest}" if digest else ""}


def _merge(into: dict[str, Any], body: Mapping[str, Any]) -> None:
    """A strategic merge patch: maps merge, null deletes, lists of containers merge by name."""
    for key, value in body.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        elif isinstance(value, list):
            named = {it["name"]: it for it in into.setdefault(key, [])}
            for it in value:
                named[it["name"]].update(it)
        elif value is None:
            into.pop(key, None)
        else:
            into[key] = value
