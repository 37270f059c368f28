"""What to send to move a workload's images, and what to remember to be able to go back. Pure.

The memory is two annotations on the workload itself, written in the same request as the images, so that a rollout
that was cut off at any moment can be taken up, or undone, by whoever comes next.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import Unsafe, UsageError
from pratique.model.reference import Reference
from pratique.rollout.objects import (
    TEMPLATES,
    Object,
    annotation,
    label,
    name,
    namespace,
    objects,
    owner,
    pod_spec,
    text,
)

PREVIOUS = "pratique.dev/previous-images"
STAGE = "pratique.dev/rollout"


class Memory(StrEnum):
    """What became of the last rollout that we began."""

    NONE = ""
    PENDING = "pending"
    COMPLETE = "complete"
    UNDONE = "undone"


class Record(msgspec.Struct, frozen=True):
    """What a workload remembers: the images to go back to, by container, and how the last rollout stands."""

    previous: Mapping[str, str] = {}
    memory: Memory = Memory.NONE


def current_images(obj: Object) -> dict[str, str]:
    """The image strings of an object's template, by container name, init containers too."""
    spec = pod_spec(obj)
    listed = [*objects(spec, "containers"), *objects(spec, "initContainers")]
    return {text(item, "name"): text(item, "image") for item in listed if text(item, "name")}


def pinned(reference: Reference, digest: Digest) -> str:
    """The image string that fixes a digest and keeps the tag, if any, for people: `repository[:tag]@digest`."""
    return str(Reference(reference.registry, reference.repository, reference.tag, digest))


def record(obj: Object) -> Record:
    """What an object remembers; a record that somebody broke counts as none."""
    try:
        previous = msgspec.json.decode(annotation(obj, PREVIOUS) or "{}", type=dict[str, str])
        return Record(previous, Memory(annotation(obj, STAGE)))
    except (msgspec.MsgspecError, ValueError):
        return Record()


def check(obj: Object, images: Mapping[str, str]) -> None:
    """Whether these images can be set. Raises UsageError (no such container) or Unsafe (can't change)."""
    unknown = sorted(set(images) - set(current_images(obj)))
    if unknown:
        names = ", ".join(sorted(current_images(obj))) or "none"
        raise UsageError(f"{described(obj)} has no container {unknown[0]!r} in its template", f"it has: {names}")
    for image in images.values():
        Reference.parse(image)
    kind = text(obj, "kind")
    if kind not in TEMPLATES:
        raise Unsafe(f"{described(obj)} is of a kind that Pratique does not change", "change it where it is defined")
    if kind == "Job":
        raise Unsafe(f"{described(obj)} can't change its image: a Job's template is fixed", "delete and create it anew")
    if annotation(obj, "kubernetes.io/config.mirror"):
        raise Unsafe(f"{described(obj)} is run by the kubelet from a file on its node", "change that file")
    if owner(obj) and text(owner(obj), "kind") in TEMPLATES:
        above = f"{namespace(obj)}/{text(owner(obj), 'kind')}/{text(owner(obj), 'name')}"
        raise Unsafe(f"{described(obj)} is made by {above}, which would set its image back", f"change {above}")


def remembered(obj: Object, images: Mapping[str, str]) -> Record:
    """The record for moving to `images`: while a rollout is pending, its starting point stays the one to go back to."""
    before = record(obj)
    now = {container: image for container, image in current_images(obj).items() if container in images}
    if before.memory is Memory.PENDING:
        now |= before.previous
    return Record(now, Memory.PENDING)


def images_patch(obj: Object, images: Mapping[str, str], memory: Record) -> dict[str, Any]:
    """A strategic merge patch, keyed by container name, that sets images and the record in one request.

    It carries `resourceVersion`: when somebody changed the object meanwhile the API server answers 409.
    """
    spec: dict[str, Any] = {}
    for field in ("containers", "initContainers"):
        names = {text(item, "name") for item in objects(pod_spec(obj), field)}
        listed = [{"name": container, "image": image} for container, image in images.items() if container in names]
        if listed:
            spec[field] = listed
    patch: dict[str, Any] = spec
    for key in reversed(TEMPLATES[text(obj, "kind")]):
        patch = {key: patch}
    return {"metadata": _metadata(obj, memory)} | (patch if spec else {})


def record_patch(obj: Object, memory: Record) -> dict[str, Any]:
    """A patch that changes only what is remembered; the pods stay as they are."""
    return {"metadata": _metadata(obj, memory)}


def warnings(obj: Object) -> tuple[str, ...]:
    """Who else looks after an object and may set its images back."""
    signs = {
        "Helm": label(obj, "app.kubernetes.io/managed-by") == "Helm" or annotation(obj, "meta.helm.sh/release-name"),
        "Argo CD": annotation(obj, "argocd.argoproj.io/tracking-id") or label(obj, "argocd.argoproj.io/instance"),
        "Flux": label(obj, "kustomize.toolkit.fluxcd.io/name") or label(obj, "helm.toolkit.fluxcd.io/name"),
        f"the {text(owner(obj), 'kind')} {text(owner(obj), 'name')}": bool(owner(obj)),
    }
    who = (manager for manager, sign in signs.items() if sign)
    return tuple(
        f"{described(obj)} is managed by {it}, which may set its image back: change it there too" for it in who
    )


def described(obj: Object) -> str:
    """`namespace/kind/name`."""
    return f"{namespace(obj)}/{text(obj, 'kind')}/{name(obj)}"


def _metadata(obj: Object, memory: Record) -> dict[str, Any]:
    previous = msgspec.json.encode(memory.previous, order="sorted").decode() if memory.previous else None
    metadata: dict[str, Any] = {"annotations": {PREVIOUS: previous, STAGE: str(memory.memory) or None}}
    version = text(obj, "metadata", "resourceVersion")
    return metadata | ({"resourceVersion": version} if version else {})
