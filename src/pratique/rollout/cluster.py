"""A real Kubernetes cluster: read objects, patch images, wait for changes. What they mean is decided in `status`."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import NotFound, Refused, Unavailable, UsageError
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.rollout import find, patch, status
from pratique.rollout.api import Api, Conflict
from pratique.rollout.objects import Object, mapping, name, objects, owner, strings, text
from pratique.rollout.protocol import OnProgress

_APPS, _BATCH, _CORE = "apis/apps/v1", "apis/batch/v1", "api/v1"
_COLLECTIONS = {
    "Deployment": (_APPS, "deployments"),
    "StatefulSet": (_APPS, "statefulsets"),
    "DaemonSet": (_APPS, "daemonsets"),
    "ReplicaSet": (_APPS, "replicasets"),
    "ReplicationController": (_CORE, "replicationcontrollers"),
    "Job": (_BATCH, "jobs"),
    "CronJob": (_BATCH, "cronjobs"),
    "Pod": (_CORE, "pods"),
}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_ATTEMPTS = 10  # a rollout in motion changes its object several times a second


class _Family(msgspec.Struct, frozen=True):
    obj: dict[str, Any]
    pods: list[dict[str, Any]]
    makers: list[dict[str, Any]]  # a Deployment's ReplicaSets, a CronJob's Jobs


class Cluster:
    """`protocol.ActsOnCluster` on a real cluster. `grace` (s) is for `status.progress`; `poll` (s) bounds each wait."""

    def __init__(self, api: Api, *, grace: float = status.GRACE, poll: float = 0.5) -> None:
        self.api = api
        self._grace = grace
        self._poll = poll
        self._cronjobs = ""

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, context: str = "", *, grace: float = status.GRACE) -> "Cluster":
        """The cluster of a kubeconfig, or of the environment. Raises UsageError; asks the cluster nothing."""
        return cls(Api.connect(kubeconfig, context), grace=grace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.api.close()

    def list_workloads(self, namespaces: Sequence[str] = ()) -> tuple[Workload, ...]:
        """All workloads, or those of some namespaces (NotFound when there is no such namespace)."""
        for namespace in namespaces:
            self._require_namespace(namespace)
        listed = [
            obj for kind in _COLLECTIONS for namespace in namespaces or ("",) for obj in self._list(kind, namespace)
        ]
        return find.workloads(listed)

    def workload(self, namespace: str, kind: str, name: str) -> Workload:
        """One workload with what its pods run; of a kind we don't know, by its pods. Raises NotFound."""
        asked = Workload(namespace, kind, name)
        if kind in _COLLECTIONS:
            family = self._family(asked)
            found = find.workloads([family.obj, *family.makers, *family.pods])
        else:
            found = self.list_workloads([namespace])
        match = next((it for it in found if it.id == asked.id), None)
        if match is None:
            raise NotFound(f"no workload {asked.id}")
        return match

    def pods(self, workload: Workload) -> tuple[Object, ...]:
        """The pods that a workload has made, or itself when it is one."""
        return tuple(self._family(workload).pods)

    def running_digests(self, workload: Workload) -> tuple[Digest, ...]:
        """The digests that the workload's pods report to run, sorted."""
        found = find.running_digests(self._family(workload).pods)
        return tuple(sorted({digest for digests in found.values() for digest in digests}))

    def warnings(self, workload: Workload) -> tuple[str, ...]:
        """Who else manages the workload and may set its images back."""
        return patch.warnings(self._fetch(workload))

    def recorded(self, workload: Workload) -> patch.Record:
        """What the workload remembers of the last rollout."""
        return patch.record(self._fetch(workload))

    def set_images(self, workload: Workload, images: Mapping[str, str]) -> dict[str, str]:
        """Set image strings by container name and remember the former ones, returned; {} when nothing changed."""
        former: dict[str, str] = {}

        def change(obj: Object) -> dict[str, Any] | None:
            patch.check(obj, images)
            former.clear()
            former.update({it: old for it, old in patch.current_images(obj).items() if images.get(it, old) != old})
            return patch.images_patch(obj, images, patch.remembered(obj, images)) if former else None

        self._change(workload, change)
        return former

    def settle(self, workload: Workload) -> None:
        """Note that the pending rollout is complete."""

        def change(obj: Object) -> dict[str, Any] | None:
            before = patch.record(obj)
            done = patch.Record(before.previous, patch.Memory.COMPLETE)
            return patch.record_patch(obj, done) if before.memory is patch.Memory.PENDING else None

        self._change(workload, change)

    def undo(self, workload: Workload, previous: Mapping[str, str]) -> None:
        """Set the images back and forget them; a StatefulSet's stuck pods are deleted, for they would block the way."""
        family = self._family(workload)
        undone = patch.Record({}, patch.Memory.UNDONE)
        self._change(workload, lambda obj: patch.images_patch(obj, previous, undone))
        if workload.kind == "StatefulSet":
            for pod in status.new_pods(family.obj, family.pods):
                if status.stuck([pod], self.api.now, 0):
                    self._delete_pod(pod)

    def watch(
        self,
        workload: Workload,
        digests: Sequence[Digest] = (),
        deadline: float = 600,
        on_progress: OnProgress | None = None,
    ) -> RolloutState:
        """Wait until COMPLETE (with all `digests` proven), FAILED or WAITING; FAILED after `deadline` seconds.

        An API server that goes away meanwhile is waited for.
        """
        end = time.monotonic() + deadline
        last: RolloutState | None = None
        while True:
            state, version = self._look(workload, digests)
            if on_progress and state != last:
                on_progress(state)
            last = state
            left = end - time.monotonic()
            if state.stage is not Stage.PROGRESSING:
                return state
            if left <= 0:
                return self._too_late(workload, deadline, state)
            self._wait(workload, version, min(self._poll, left))

    def _look(self, workload: Workload, digests: Sequence[Digest]) -> tuple[RolloutState, str]:
        try:
            family = self._family(workload)
        except Unavailable as error:
            return RolloutState(workload.id, Stage.PROGRESSING, error.what), ""
        makers = family.makers if workload.kind == "Deployment" else []
        state = status.progress(family.obj, family.pods, self.api.now, replica_sets=makers, grace=self._grace)
        fresh = status.new_pods(family.obj, family.pods, makers)
        return status.with_proof(state, family.obj, fresh, digests), text(family.obj, "metadata", "resourceVersion")

    def _wait(self, workload: Workload, version: str, seconds: float) -> None:
        if version:
            self.api.wait(self._path(workload.kind, workload.namespace), workload.name, version, seconds)
        else:
            time.sleep(seconds)

    def _too_late(self, workload: Workload, deadline: float, state: RolloutState) -> RolloutState:
        message = f"not complete after {deadline:g} s: {state.message}{self._last_warning(workload)}"
        return RolloutState(workload.id, Stage.FAILED, message)

    def _last_warning(self, workload: Workload) -> str:
        selector = f"involvedObject.kind={workload.kind},involvedObject.name={workload.name},type=Warning"
        path = f"{_CORE}/namespaces/{workload.namespace}/events"
        try:
            events = sorted(self.api.list(path, {"fieldSelector": selector}), key=lambda it: text(it, "lastTimestamp"))
        except (Unavailable, Refused, NotFound):
            return ""
        return f" ({text(events[-1], 'message')[:300]})" if events else ""

    def _change(self, workload: Workload, change: Callable[[Object], dict[str, Any] | None]) -> None:
        """Read, decide, patch; again when somebody was faster."""
        for attempt in range(_ATTEMPTS):
            body = change(self._fetch(workload))
            if body is None:
                return
            try:
                self.api.patch(self._path(workload.kind, workload.namespace, workload.name), body)
                return
            except Conflict:
                time.sleep(0.02 * (attempt + 1))
        raise Unavailable(f"{workload.id} changes faster than it can be patched", "try again")

    def _delete_pod(self, pod: Object) -> None:
        path = self._path("Pod", text(pod, "metadata", "namespace"), name(pod))
        try:
            self.api.delete(path, {"preconditions": {"uid": text(pod, "metadata", "uid")}})
        except (NotFound, Conflict):
            return  # it went by itself, or is a new one already

    def _fetch(self, workload: Workload) -> dict[str, Any]:
        obj = self.api.get(self._path(workload.kind, _checked(workload.namespace), _checked(workload.name)))
        return obj | {"kind": workload.kind}

    def _family(self, workload: Workload) -> _Family:
        obj = self._fetch(workload)
        if workload.kind == "Pod":
            return _Family(obj, [obj], [])
        makers: list[dict[str, Any]] = []
        selector = _selector(obj)
        if workload.kind in {"Deployment", "CronJob"}:
            kind = "ReplicaSet" if workload.kind == "Deployment" else "Job"
            makers = _owned([obj], self._list(kind, workload.namespace, selector))
        pods = _owned(makers or [obj], self._list("Pod", workload.namespace, selector))
        return _Family(obj, pods, makers)

    def _list(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        # items of a list come without their kind
        params = {"labelSelector": selector} if selector else None
        return [item | {"kind": kind} for item in self.api.list(self._path(kind, namespace), params)]

    def _require_namespace(self, namespace: str) -> None:
        try:
            self.api.get(f"{_CORE}/namespaces/{_checked(namespace)}")
        except Refused:
            return  # may not be looked at; what is in it perhaps may
        except NotFound as error:
            raise NotFound(f"no namespace {namespace!r} in the cluster {self.api.server}") from error

    def _path(self, kind: str, namespace: str = "", name: str = "") -> str:
        if kind not in _COLLECTIONS:
            known = ", ".join(sorted(_COLLECTIONS))
            raise UsageError(
                f"{namespace}/{kind}/{name} is of a kind that Pratique does not act on", f"it acts on {known}"
            )
        root, plural = _COLLECTIONS[kind]
        if kind == "CronJob":
            root = self._cronjob_version()
        parts = [
            root,
            *(("namespaces", _checked(namespace)) if namespace else ()),
            plural,
            *((_checked(name),) if name else ()),
        ]
        return "/".join(parts)

    def _cronjob_version(self) -> str:
        """CronJobs are `batch/v1` since Kubernetes 1.21 and `v1beta1` before."""
        if not self._cronjobs:
            served = [text(it, "name") for it in objects(self.api.get(_BATCH), "resources")]
            self._cronjobs = _BATCH if "cronjobs" in served else "apis/batch/v1beta1"
        return self._cronjobs


def _owned(owners: Sequence[Object], listed: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    uids = {text(it, "metadata", "uid") for it in owners}
    return [obj for obj in listed if text(owner(obj), "uid") in uids]


def _selector(obj: Object) -> str:
    """A label selector as the API's query wants it; a CronJob has none."""
    if text(obj, "kind") == "ReplicationController":
        return ",".join(f"{key}={value}" for key, value in strings(obj, "spec", "selector").items())
    terms = [f"{key}={value}" for key, value in strings(obj, "spec", "selector", "matchLabels").items()]
    for it in objects(mapping(obj, "spec", "selector"), "matchExpressions"):
        key, values = text(it, "key"), ",".join(value for value in it.get("values") or () if isinstance(value, str))
        form = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }
        terms += [form[text(it, "operator")]] if text(it, "operator") in form else []
    return ",".join(terms)


def _checked(part: str) -> str:
    if not _NAME.fullmatch(part):
        raise UsageError(f"not a Kubernetes name: {part[:80]!r}", "lower case letters, digits, '-' and '.'")
    return part
