"""AdmissionReviews as an API server sends them, as small as they can be and still be real."""

import json
from typing import Any

POD = {"group": "", "version": "v1", "kind": "Pod"}
DEPLOYMENT = {"group": "apps", "version": "v1", "kind": "Deployment"}
CRONJOB = {"group": "batch", "version": "v1", "kind": "CronJob"}


def pod(*images: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": f"c{position}", "image": image} for position, image in enumerate(images)]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "namespace": "shop", "labels": {"app": "shop"}},
        "spec": {"containers": containers, "restartPolicy": "Always", **spec},
    }


def deployment(*images: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"replicas": 1, "selector": {}, "template": {"metadata": {}, "spec": pod(*images)["spec"]}},
    }


def cronjob(*images: str) -> dict[str, Any]:
    template = {"template": {"spec": pod(*images)["spec"]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "spec": {"schedule": "@daily", "jobTemplate": {"spec": template}},
    }


def review(
    document: dict[str, Any] | None,
    kind: dict[str, str] = POD,
    operation: str = "CREATE",
    old: dict[str, Any] | None = None,
    **more: Any,
) -> bytes:
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
        "kind": kind,
        "resource": {"group": kind["group"], "version": kind["version"], "resource": kind["kind"].lower() + "s"},
        "requestKind": kind,
        "name": "app",
        "namespace": "shop",
        "operation": operation,
        "userInfo": {
            "username": "system:serviceaccount:kube-system:replicaset-controller",
            "groups": ["system:masters"],
        },
        "object": document,
        "oldObject": old,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        "dryRun": False,
        **more,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()
