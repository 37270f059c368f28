"""Kubernetes objects in the shapes that a 1.20 cluster really returns, reduced to what is read."""

from datetime import UTC, datetime, timedelta
from typing import Any

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64
REPOSITORY = "registry.example/shop/app"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def stamp(seconds_ago: float) -> str:
    """The time so many seconds before NOW as the API writes it."""
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def image(digest: str = A) -> str:
    return f"{REPOSITORY}@{digest}"


def spec(**images: str) -> dict[str, Any]:
    return {"containers": [{"name": name, "image": it} for name, it in (images or {"app": image()}).items()]}


def made_by(kind: str, name: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "uid": f"uid-{kind}-{name}", "controller": True}


def meta(kind: str, name: str, by: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    owners = {"ownerReferences": [by]} if by else {}
    return {"namespace": "shop", "name": name, "uid": f"uid-{kind}-{name}", "generation": 2, **owners, **more}


def workload(kind: str, name: str = "web", **more: Any) -> dict[str, Any]:
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet or Job; `status`, `metadata` and `spec` are merged in."""
    fields = {"template": {"spec": spec()}} | more.get("spec", {})
    return {
        "kind": kind,
        "metadata": meta(kind, name) | more.get("metadata", {}),
        "spec": fields,
        "status": {"observedGeneration": 2} | more.get("status", {}),
    }


def replica_set(name: str = "web-1", revision: str = "2", **more: Any) -> dict[str, Any]:
    labels = {"labels": {"pod-template-hash": name}, "annotations": {"deployment.kubernetes.io/revision": revision}}
    return {
        "kind": "ReplicaSet",
        "metadata": meta("ReplicaSet", name, made_by("Deployment", "web"), **labels),
        "spec": {"template": {"spec": spec()}},
        "status": more,
    }


def pod(
    name: str = "web-1-x",
    by: dict[str, Any] | None = None,
    *,
    digest: str = A,
    waiting: str = "",
    age: float = 60,
    labels: dict[str, str] | None = None,
    phase: str = "Running",
) -> dict[str, Any]:
    """A pod whose one container `app` runs, or waits with a reason."""
    state: dict[str, Any] = {"waiting": {"reason": waiting, "message": "so it is"}} if waiting else {"running": {}}
    status = {"name": "app", "image": image(digest), "ready": not waiting, "state": state}
    status |= {"imageID": "" if waiting else image(digest)}
    return {
        "kind": "Pod",
        "metadata": meta("Pod", name, by, labels=labels or {}, creationTimestamp=stamp(age)),
        "spec": spec(app=image(digest)),
        "status": {"phase": phase, "startTime": stamp(age), "containerStatuses": [status]},
    }
