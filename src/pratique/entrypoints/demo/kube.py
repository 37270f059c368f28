"""What the cluster demo asks of Kubernetes: a namespace, a Deployment, a Pod that should not be, a pod's words."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pratique.model.errors import NotFound, PratiqueError, Refused, Unavailable
from pratique.rollout.api import Api

PORT = 8080  # the application's
_PATIENCE = 60.0  # seconds


@contextmanager
def namespace(api: Api, name: str, labels: Mapping[str, str], *, keep: bool) -> Iterator[None]:
    """A namespace of our own, ready for pods; deleted at the end unless it is to be kept."""
    api.create("api/v1/namespaces", {"metadata": {"name": name, "labels": dict(labels)}})
    try:
        until = time.monotonic() + _PATIENCE
        while not _exists(api, f"api/v1/namespaces/{name}/serviceaccounts/default"):
            if time.monotonic() > until:
                raise PratiqueError(f"namespace {name} got no service account", "is the controller manager running?")
            time.sleep(0.1)
        yield
    finally:
        if not keep:
            api.delete(f"api/v1/namespaces/{name}")


def deploy(api: Api, namespace: str, name: str, image: str, replicas: int = 2) -> None:
    """Create a Deployment, as a developer writes it: by tag."""
    labels = {"app": name}
    probe = {"httpGet": {"path": "/", "port": PORT}, "periodSeconds": 1}
    container = {"name": "app", "image": image, "ports": [{"containerPort": PORT}], "readinessProbe": probe}
    pod = {"terminationGracePeriodSeconds": 2, "containers": [container]}
    body = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    api.create(f"apis/apps/v1/namespaces/{namespace}/deployments", body)


def refusal(api: Api, namespace: str, image: str) -> str:
    """The API server's answer to a Pod of this image; empty when it was let in."""
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "stranger"},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    try:
        api.create(f"api/v1/namespaces/{namespace}/pods", body)
    except Refused as error:
        return error.what
    return ""


def template_image(api: Api, namespace: str, name: str) -> str:
    """The image string of a Deployment's container, as the API server keeps it."""
    found = api.get(f"apis/apps/v1/namespaces/{namespace}/deployments/{name}")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def pods(api: Api, namespace: str, name: str) -> list[dict[str, Any]]:
    """The application's pods that are not going away."""
    listed = api.list(f"api/v1/namespaces/{namespace}/pods", {"labelSelector": f"app={name}"})
    return [pod for pod in listed if not pod["metadata"].get("deletionTimestamp")]


def words(api: Api, namespace: str, pod: Mapping[str, Any]) -> list[str]:
    """What a pod's own HTTP server says, asked through the API server's proxy."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            path = f"api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}:{PORT}/proxy/"
            return api.text(path).splitlines()
        except Unavailable:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _exists(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except NotFound:
        return False
    return True
