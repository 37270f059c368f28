"""Which workloads there are, what they declare, and what their pods really run. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from pratique.model.digest import Digest, is_digest
from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.model.workload import Container, Workload
from pratique.rollout.objects import TEMPLATES, Object, name, namespace, objects, owner, pod_spec, text

_Key = tuple[str, str, str]  # namespace, kind, name
_FINISHED = frozenset({"Succeeded", "Failed"})
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_DEPTH = 8  # owners of owners; real chains are three long, and a loop must end


class How(StrEnum):
    """How a container has to do with an image, strongest first."""

    RUNNING = "running"
    PINNED = "pinned"
    TAGGED = "tagged"


class Use(msgspec.Struct, frozen=True):
    """One container of a workload that runs, pins, or names by tag an image."""

    workload: Workload
    container: str
    how: How


def workloads(listed: Iterable[Object]) -> tuple[Workload, ...]:
    """The workloads among objects of the kinds in `TEMPLATES`, sorted by id, with the digests that their pods run.

    What is made by another object (pods by a ReplicaSet, that by a Deployment, a Job by a CronJob) counts as the
    outermost owner's; an owner of a kind that we don't know (an Argo Rollout) is shown by what its pods run.
    Containers that only pods have (injected sidecars, ephemeral ones) are listed after the template's.
    """
    known = {_key(obj): obj for obj in listed if text(obj, "kind") in TEMPLATES and name(obj)}
    families: defaultdict[_Key, list[Object]] = defaultdict(list)
    for key, obj in known.items():
        families[_root(key, known)].append(obj)
    found = (_workload(root, known.get(root), family) for root, family in families.items())
    return tuple(sorted(found, key=lambda workload: workload.id))


def running(found: Sequence[Workload], digest: Digest, reference: Reference | None = None) -> tuple[Use, ...]:
    """The containers that run `digest`, or are pinned to it, or (given `reference`) name its repository and tag.

    A tag is only a hint: what the containers with that tag run may be another digest by now.
    """
    uses = (
        (workload, container, _how(container, digest, reference))
        for workload in found
        for container in workload.containers
    )
    return tuple(Use(workload, container.name, how) for workload, container, how in uses if how)


def image_digest(image_id: str) -> Digest | None:
    """The manifest digest in a pod status' `imageID` (or in a pinned image string), or None.

    Only what follows an `@` is a manifest's digest: a bare `sha256:...` is the runtime's own id, the config's digest.
    """
    digest = image_id.rpartition("@")[2] if "@" in image_id else ""
    return Digest(digest) if is_digest(digest) else None


def running_digests(pods: Iterable[Object]) -> dict[str, tuple[Digest, ...]]:
    """Per container name, the digests that unfinished pods report, sorted."""
    seen: defaultdict[str, set[Digest]] = defaultdict(set)
    for pod in pods:
        if text(pod, "status", "phase") in _FINISHED:
            continue
        for kind in _STATUSES:
            for status in objects(pod, "status", kind):
                digest = image_digest(text(status, "imageID"))
                if digest:
                    seen[text(status, "name")].add(digest)
    return {container: tuple(sorted(digests)) for container, digests in seen.items()}


def owned_by(obj: Object, root: Object, listed: Iterable[Object]) -> bool:
    """Whether `obj` is, or is made by, `root`, through the owners in `listed`."""
    known = {_key(item): item for item in listed} | {_key(root): root}
    return _root(_key(obj), known | {_key(obj): obj}) == _key(root)


def _workload(key: _Key, obj: Object | None, family: Sequence[Object]) -> Workload:
    pods = [it for it in family if text(it, "kind") == "Pod" and text(it, "status", "phase") not in _FINISHED]
    running_now = running_digests(pods)
    declared: dict[str, tuple[str, bool]] = {}
    for source in [obj, *pods] if obj else pods or family:
        for container, image, init in _containers(source):
            declared.setdefault(container, (image, init))
    containers = tuple(
        Container(container, image, running_now.get(container, ()), init)
        for container, (image, init) in declared.items()
    )
    return Workload(*key, containers)


def _containers(obj: Object) -> Iterable[tuple[str, str, bool]]:
    spec = pod_spec(obj)
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in objects(spec, field):
            if text(container, "name"):
                yield text(container, "name"), text(container, "image"), field == "initContainers"


def _how(container: Container, digest: Digest, reference: Reference | None) -> How | None:
    if digest in container.running:
        return How.RUNNING
    try:
        declared = Reference.parse(container.image)
    except UsageError:
        return None
    if declared.digest == digest:
        return How.PINNED
    tagged = reference is not None and declared.digest is None
    if tagged and reference and (declared.name, declared.tag) == (reference.name, reference.tag):
        return How.TAGGED
    return None


def _root(key: _Key, known: dict[_Key, Object]) -> _Key:
    for _ in range(_DEPTH):
        reference = owner(known.get(key))
        above = (key[0], text(reference, "kind"), text(reference, "name"))
        if (
            not above[2]
            or above[1] in {"", "Node"}
            or (key[1] not in {"Pod", "ReplicaSet", "Job"} and above not in known)
        ):
            return key
        key = above
    return key


def _key(obj: Object) -> _Key:
    return (namespace(obj), text(obj, "kind"), name(obj))
