"""Kubernetes objects as they arrive: nested dictionaries in which anything may be missing or of another type."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Object = Mapping[str, Any]

# Where each kind keeps its pod template's spec (kubernetes/api: apps/v1, batch/v1, core/v1 types).
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}


def at(obj: object, *path: str) -> object:
    """What lies at the end of a path of keys, or None."""
    for key in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(key)
    return obj


def text(obj: object, *path: str) -> str:
    """The string at a path, or `""`."""
    value = at(obj, *path)
    return value if isinstance(value, str) else ""


def number(obj: object, *path: str, default: int = 0) -> int:
    """The whole number at a path, or `default`."""
    value = at(obj, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def mapping(obj: object, *path: str) -> Object:
    """The object at a path, or an empty one."""
    value = at(obj, *path)
    return value if isinstance(value, Mapping) else {}


def objects(obj: object, *path: str) -> Iterator[Object]:
    """The objects in the list at a path; what isn't an object is passed over."""
    value = at(obj, *path)
    if isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, Mapping))


def strings(obj: object, *path: str) -> dict[str, str]:
    """The string values of the map at a path: labels, annotations."""
    return {key: value for key, value in mapping(obj, *path).items() if isinstance(value, str)}


def name(obj: object) -> str:
    """`metadata.name`, or `""`."""
    return text(obj, "metadata", "name")


def namespace(obj: object) -> str:
    """`metadata.namespace`, or `""`."""
    return text(obj, "metadata", "namespace")


def label(obj: object, key: str) -> str:
    """One label, or `""`."""
    return text(obj, "metadata", "labels", key)


def annotation(obj: object, key: str) -> str:
    """One annotation, or `""`."""
    return text(obj, "metadata", "annotations", key)


def owner(obj: object) -> Object:
    """The owner reference that has `controller: true`, or an empty one."""
    return next((it for it in objects(obj, "metadata", "ownerReferences") if it.get("controller") is True), {})


def condition(obj: object, kind: str) -> Object:
    """The status condition of a type when it is True or False, or an empty one."""
    return next((it for it in objects(obj, "status", "conditions") if it.get("type") == kind), {})


def pod_spec(obj: object) -> Object:
    """The spec of the pods that an object makes (or is)."""
    return mapping(obj, *TEMPLATES.get(text(obj, "kind"), ("spec", "template", "spec")))


def when(moment: str) -> datetime | None:
    """An RFC 3339 time, or None."""
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
