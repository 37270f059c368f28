"""Where images hide: every field of a Pod, or of a template of Pods, that makes a node pull one.

Source: kubernetes/api core/v1, apps/v1, batch/v1 types.go. A kind that isn't here makes its Pods through one that is,
so the Pod is where all of them are met in the end.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pratique.model.errors import InvalidData

_TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): ("spec",),
    ("", "PodTemplate"): ("template", "spec"),
    ("", "ReplicationController"): ("spec", "template", "spec"),
    ("apps", "ReplicaSet"): ("spec", "template", "spec"),
    ("apps", "Deployment"): ("spec", "template", "spec"),
    ("apps", "StatefulSet"): ("spec", "template", "spec"),
    ("apps", "DaemonSet"): ("spec", "template", "spec"),
    ("batch", "Job"): ("spec", "template", "spec"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


class ImageUse(NamedTuple):
    """An image string as written, and the JSON pointer (RFC 6901) of the field that holds it."""

    pointer: str
    image: str


def images(group: str, kind: str, document: Mapping[str, Any]) -> tuple[ImageUse, ...]:
    """All images in an object of that kind; none for kinds that hold no Pods. Empty fields are left out.

    Raises InvalidData when the object doesn't have its kind's shape: what can't be read can't be admitted.
    """
    path = _TEMPLATES.get((group, kind))
    if path is None:
        return ()
    spec: Any = document
    for position, key in enumerate(path):
        spec = _mapping(spec, pointer(*path[:position])).get(key)
        if spec is None:
            return ()
    return tuple(_in_spec(_mapping(spec, pointer(*path)), path))


def pointer(*parts: str | int) -> str:
    """A JSON pointer of these keys and positions, escaped."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _in_spec(spec: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[ImageUse]:
    for field in _CONTAINERS:
        for position, container in _entries(spec, path, field):
            yield from _string(container, "image", (*path, field, position))
    for position, volume in _entries(spec, path, "volumes"):
        where: tuple[str | int, ...] = (*path, "volumes", position)
        source = volume.get("image")
        if source is not None:
            yield from _string(_mapping(source, pointer(*where, "image")), "reference", (*where, "image"))


def _entries(spec: Mapping[str, Any], path: tuple[str, ...], field: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = spec.get(field)
    if entries is None:
        return
    if not isinstance(entries, list):
        raise InvalidData(f"{pointer(*path, field)} is not a list")
    for position, entry in enumerate(entries):
        yield position, _mapping(entry, pointer(*path, field, position))


def _string(holder: Mapping[str, Any], key: str, path: tuple[str | int, ...]) -> Iterator[ImageUse]:
    value = holder.get(key)
    if value is None or value == "":
        return
    if not isinstance(value, str):
        raise InvalidData(f"{pointer(*path, key)} is not a string")
    yield ImageUse(pointer(*path, key), value)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidData(f"{where or 'the object'} is not an object")
    return value
