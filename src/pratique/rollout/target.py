"""What a person names: `namespace/kind/name`, an image with its digest, perhaps a container. Pure."""

from pratique.model.digest import Digest
from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.model.workload import Workload
from pratique.rollout.objects import TEMPLATES

# kubectl's short names, and its plurals
_SHORT = {
    "deploy": "Deployment",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "rs": "ReplicaSet",
    "rc": "ReplicationController",
    "cj": "CronJob",
    "po": "Pod",
}


def parse(text: str) -> tuple[str, str, str]:
    """Namespace, kind and name from `shop/Deployment/web`; kinds in any case, in the plural, or short as kubectl's."""
    parts = text.split("/")
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"not a workload: {text[:100]!r}", "write it as NAMESPACE/KIND/NAME: shop/Deployment/web")
    namespace, kind, name = parts
    known = {it.lower(): it for it in TEMPLATES} | {f"{it.lower()}s": it for it in TEMPLATES} | _SHORT
    return namespace, known.get(kind.lower(), kind), name


def pinned_reference(text: str) -> tuple[Reference, Digest]:
    """A reference that has a digest, and the digest. Raises UsageError."""
    reference = Reference.parse(text)
    if reference.digest is None:
        raise UsageError(f"{text[:200]} has no digest", "write it as REPOSITORY[:TAG]@sha256:...: a tag may move")
    return reference, reference.digest


def container_for(workload: Workload, reference: Reference, asked: str = "") -> str:
    """The container that is meant: the one asked for, the one with an image of that repository, or the only one."""
    if asked:
        return asked
    same = [it.name for it in workload.containers if _repository(it.image) == reference.name]
    if len(same) == 1:
        return same[0]
    main = same or [it.name for it in workload.containers if not it.init]
    if len(main) == 1:
        return main[0]
    names = ", ".join(main) or "none"
    raise UsageError(f"which container of {workload.id}?", f"say it with --container; it has: {names}")


def _repository(image: str) -> str:
    try:
        return Reference.parse(image).name
    except UsageError:
        return ""
