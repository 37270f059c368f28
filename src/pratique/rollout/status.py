"""How far a rollout is: done, on its way, failed, or waiting for somebody. Pure.

Completion follows kubectl (`polymorphichelpers/rollout_status.go`); failure is seen earlier than there, from what the
pods of the new revision wait for.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pratique.model.digest import Digest
from pratique.model.workload import RolloutState, Stage
from pratique.rollout.find import image_digest, running_digests
from pratique.rollout.objects import (
    Object,
    annotation,
    condition,
    label,
    mapping,
    name,
    number,
    objects,
    owner,
    text,
    when,
)
from pratique.rollout.patch import current_images, described

# What a container may wait for that won't mend itself (waiting.reason; kubelet: images/types.go, kuberuntime).
STUCK = frozenset({
    "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "ErrImageNeverPull", "ErrImagePull",
    "ImageInspectError", "ImagePullBackOff", "InvalidImageName", "RegistryUnavailable", "RunContainerError",
})  # fmt: skip
HOPELESS = frozenset({"InvalidImageName", "ErrImageNeverPull"})
GRACE = 20.0  # seconds that a pod may be stuck before we believe it: a registry's hiccup, a crash while a peer starts
_STATUSES = ("initContainerStatuses", "containerStatuses")
_LIMIT = 300  # characters of a cluster's message that we pass on


def progress(
    obj: Object,
    pods: Sequence[Object],
    now: datetime,
    *,
    replica_sets: Sequence[Object] = (),
    grace: float = GRACE,
) -> RolloutState:
    """Where the rollout of `obj` is, seen with the pods (and, of a Deployment, the ReplicaSets) that belong to it.

    WAITING means that nothing moves until somebody acts (a paused Deployment, strategy OnDelete). `now` is the
    cluster's time; a stuck pod counts as failure after `grace` seconds.
    """
    stage, message = _by_kind(obj, pods)
    if stage is Stage.PROGRESSING and not _unseen(obj):
        fresh = new_pods(obj, pods, replica_sets)
        trouble = _refused(obj, replica_sets, now, grace) or stuck(fresh, now, grace)
        if trouble:
            stage, message = Stage.FAILED, trouble
    return RolloutState(described(obj), stage, message[:_LIMIT])


def new_pods(obj: Object, pods: Iterable[Object], replica_sets: Iterable[Object] = ()) -> list[Object]:
    """The pods of the newest revision, by the labels that each kind's controller sets; those being deleted left out."""
    alive = [pod for pod in pods if not text(pod, "metadata", "deletionTimestamp")]
    kind = text(obj, "kind")
    if kind == "Deployment":
        newest = newest_replica_set(obj, replica_sets)
        wanted = {"pod-template-hash": label(newest, "pod-template-hash") if newest else "-"}
    elif kind == "StatefulSet":
        wanted = {"controller-revision-hash": text(obj, "status", "updateRevision")}
    elif kind == "DaemonSet":
        wanted = {"pod-template-generation": annotation(obj, "deprecated.daemonset.template.generation")}
    else:
        return alive
    return [pod for pod in alive if all(label(pod, key) == value for key, value in wanted.items())]


def newest_replica_set(deployment: Object, replica_sets: Iterable[Object]) -> Object | None:
    """The Deployment's ReplicaSet of the newest revision, or None."""
    key = "deployment.kubernetes.io/revision"
    uid = text(deployment, "metadata", "uid")
    mine = [
        it
        for it in replica_sets
        if text(owner(it), "uid") == uid and annotation(it, key) == annotation(deployment, key)
    ]
    return mine[0] if mine else None


def stuck(pods: Iterable[Object], now: datetime, grace: float = GRACE) -> str:
    """What a pod has been stuck in for more than `grace` seconds, in words, or `""`."""
    for pod in pods:
        for kind in _STATUSES:
            for status in objects(pod, "status", kind):
                waiting = mapping(status, "state", "waiting")
                reason = text(waiting, "reason")
                if reason in HOPELESS or (reason in STUCK and now - _since(pod) >= timedelta(seconds=grace)):
                    detail = f" ({text(waiting, 'message')})" if text(waiting, "message") else ""
                    return f"{name(pod)}: container {text(status, 'name')} is in {reason}{detail}"
    return ""


def proven(pods: Sequence[Object], digest: Digest, also: Collection[Digest] = ()) -> bool:
    """Whether every pod runs `digest` in some container, by the runtime's own report.

    `also` are other digests of the same image: runtimes may report the platform's manifest instead of the index.
    """
    accepted = {digest, *also}
    return all(accepted & {it for digests in running_digests([pod]).values() for it in digests} for pod in pods)


def with_proof(state: RolloutState, obj: Object, pods: Sequence[Object], digests: Collection[Digest]) -> RolloutState:
    """The state, checked against what is wanted to run: COMPLETE only when all the pods' specs pin all `digests`.

    A runtime that reports another digest for a pinned image (the platform's manifest of an index, the same image under
    another name) is believed, and quoted: it checked the content when it pulled by digest.
    """
    changed = {image_digest(image) for image in current_images(obj).values()}
    missing = next((digest for digest in digests if digest not in changed), None)
    if missing:
        return RolloutState(state.workload, Stage.FAILED, f"somebody changed the image meanwhile: {missing} is gone")
    if state.stage is not Stage.COMPLETE or text(obj, "kind") == "CronJob":
        return state
    made = max(number(obj, "status", it) for it in ("updatedReplicas", "updatedNumberScheduled"))
    if digests and made and not pods:
        return RolloutState(state.workload, Stage.PROGRESSING, "the new pods have not been seen yet")
    for digest in digests:
        astray = next((pod for pod in pods if digest not in map(image_digest, current_images(pod).values())), None)
        if astray:
            return RolloutState(
                state.workload, Stage.FAILED, f"{name(astray)} does not run {digest}: something replaced it"
            )
        if not proven(pods, digest):
            told = ", ".join(sorted({it for found in running_digests(pods).values() for it in found})) or "none"
            return RolloutState(state.workload, state.stage, f"{state.message}; the runtime reports {told}")
    return state


def _by_kind(obj: Object, pods: Sequence[Object]) -> tuple[Stage, str]:
    kind = text(obj, "kind")
    if kind in {"Deployment", "StatefulSet", "DaemonSet"} and _unseen(obj):
        return Stage.PROGRESSING, "the controller has not seen the change yet"
    match kind:
        case "Deployment":
            return _deployment(obj)
        case "StatefulSet":
            return _stateful_set(obj)
        case "DaemonSet":
            return _daemon_set(obj)
        case "Pod":
            return _pod(obj)
        case "Job":
            return _job(obj)
        case "CronJob":
            return Stage.COMPLETE, "takes effect at the next run; running Jobs keep their image"
    return _replicas(obj, pods)


def _unseen(obj: Object) -> bool:
    return number(obj, "status", "observedGeneration") < number(obj, "metadata", "generation")


def _deployment(obj: Object) -> tuple[Stage, str]:
    if condition(obj, "Progressing").get("reason") == "ProgressDeadlineExceeded":
        return Stage.FAILED, text(condition(obj, "Progressing"), "message") or "its progress deadline was exceeded"
    wanted = number(obj, "spec", "replicas", default=1)
    total, updated, available = (
        number(obj, "status", it) for it in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if updated >= wanted and total <= updated and available >= updated:
        return Stage.COMPLETE, f"{available} of {wanted} pods are new and available"
    if mapping(obj, "spec").get("paused") is True:
        return Stage.WAITING, "the Deployment is paused"
    if updated < wanted:
        return Stage.PROGRESSING, f"{updated} of {wanted} pods are new"
    if total > updated:
        return Stage.PROGRESSING, f"{total - updated} old pods are still there"
    return Stage.PROGRESSING, f"{available} of {updated} new pods are available"


def _stateful_set(obj: Object) -> tuple[Stage, str]:
    wanted, ready = number(obj, "spec", "replicas", default=1), number(obj, "status", "readyReplicas")
    updated = number(obj, "status", "updatedReplicas")
    current, new = text(obj, "status", "currentRevision"), text(obj, "status", "updateRevision")
    partition = number(obj, "spec", "updateStrategy", "rollingUpdate", "partition")
    if _on_delete(obj) and current != new and updated < wanted:
        return Stage.WAITING, "strategy OnDelete: a pod changes when it is deleted"
    if ready < wanted:
        return Stage.PROGRESSING, f"{ready} of {wanted} pods are ready"
    if partition > 0:
        part = max(wanted - partition, 0)
        stage = Stage.COMPLETE if updated >= part else Stage.PROGRESSING
        return stage, f"{updated} of {part} pods of the partition are new"
    if current != new and updated < wanted:
        return Stage.PROGRESSING, f"{updated} of {wanted} pods are new"
    return Stage.COMPLETE, f"{ready} of {wanted} pods are new and ready"


def _daemon_set(obj: Object) -> tuple[Stage, str]:
    wanted, updated, available = (
        number(obj, "status", it) for it in ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable")
    )
    if _on_delete(obj) and updated < wanted:
        return Stage.WAITING, "strategy OnDelete: a pod changes when it is deleted"
    if updated < wanted:
        return Stage.PROGRESSING, f"{updated} of {wanted} pods are new"
    if available < wanted:
        return Stage.PROGRESSING, f"{available} of {wanted} pods are available"
    return Stage.COMPLETE, f"{available} of {wanted} pods are new and available"


def _pod(obj: Object) -> tuple[Stage, str]:
    phase = text(obj, "status", "phase")
    if phase == "Failed":
        return Stage.FAILED, text(obj, "status", "message") or text(obj, "status", "reason") or "the pod failed"
    if phase == "Succeeded":
        return Stage.COMPLETE, "the pod ran to its end"
    statuses = {text(it, "name"): it for it in objects(obj, "status", "containerStatuses")}
    for container in objects(obj, "spec", "containers"):
        status = statuses.get(text(container, "name"))
        if status is None or status.get("ready") is not True or not _runs(status, text(container, "image")):
            return Stage.PROGRESSING, f"container {text(container, 'name')} is not ready with its image yet"
    return Stage.COMPLETE, "all containers are ready"


def _runs(status: Object, image: str) -> bool:
    """Whether the status speaks of the container as it is specified now; the kubelet's report lags behind the spec."""
    digest = image.rpartition("@")[2] if "@" in image else ""
    return not digest or digest in text(status, "imageID") or text(status, "image") == image


def _job(obj: Object) -> tuple[Stage, str]:
    for kind, stage in (("Complete", Stage.COMPLETE), ("Failed", Stage.FAILED)):
        found = condition(obj, kind)
        if found.get("status") == "True":
            return stage, text(found, "message") or text(found, "reason") or kind.lower()
    return Stage.PROGRESSING, f"{number(obj, 'status', 'active')} pods are active"


def _replicas(obj: Object, pods: Sequence[Object]) -> tuple[Stage, str]:
    images = {text(it, "name"): text(it, "image") for it in objects(obj, "spec", "template", "spec", "containers")}
    old = [
        pod
        for pod in pods
        if any(images.get(text(it, "name"), "") != text(it, "image") for it in objects(pod, "spec", "containers"))
    ]
    if old:
        return Stage.WAITING, f"{len(old)} pods keep the old image until they are deleted"
    wanted, ready = number(obj, "spec", "replicas", default=1), number(obj, "status", "readyReplicas")
    return (Stage.COMPLETE if ready >= wanted else Stage.PROGRESSING), f"{ready} of {wanted} pods are ready"


def _on_delete(obj: Object) -> bool:
    return text(obj, "spec", "updateStrategy", "type") == "OnDelete"


def _refused(obj: Object, replica_sets: Sequence[Object], now: datetime, grace: float) -> str:
    """Why pods can't even be made (admission, quota): the newest ReplicaSet's `ReplicaFailure`, lasting."""
    source = newest_replica_set(obj, replica_sets) if replica_sets else obj
    found = condition(source or {}, "ReplicaFailure")
    since = when(text(found, "lastTransitionTime"))
    if found.get("status") != "True" or (since and now - since < timedelta(seconds=grace)):
        return ""
    return f"pods can't be made: {text(found, 'message') or text(found, 'reason')}"


def _since(pod: Object) -> datetime:
    """Since when a pod can have been stuck: its start, or (changed in place) when it last stopped being ready."""
    ready = text(condition(pod, "Ready"), "lastTransitionTime")
    times = [when(ready), when(text(pod, "status", "startTime")), when(text(pod, "metadata", "creationTimestamp"))]
    known = [moment for moment in times if moment]
    return max(known, default=datetime.min.replace(tzinfo=UTC))
