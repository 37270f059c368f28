"""What is sent to the cluster, and what a workload remembers."""

from typing import Any

import pytest

from pratique.model.digest import Digest
from pratique.model.errors import Unsafe, UsageError
from pratique.model.reference import Reference
from pratique.rollout.patch import (
    PREVIOUS,
    STAGE,
    Memory,
    Record,
    check,
    current_images,
    images_patch,
    pinned,
    record,
    remembered,
    warnings,
)
from tests.rollout.shapes import A, B, image, made_by, meta, pod, replica_set, spec, workload


def annotated(previous: str, memory: str) -> dict[str, Any]:
    return {"annotations": {PREVIOUS: previous, STAGE: memory}, "resourceVersion": "41"}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Pod", ("spec",)),
        ("Deployment", ("spec", "template", "spec")),
        ("StatefulSet", ("spec", "template", "spec")),
        ("DaemonSet", ("spec", "template", "spec")),
        ("CronJob", ("spec", "jobTemplate", "spec", "template", "spec")),
    ],
)
def test_each_kind_is_patched_where_its_pod_spec_lies(kind: str, path: tuple[str, ...]) -> None:
    obj: dict[str, Any] = spec(app=image(A), proxy="envoy:1") | {
        "initContainers": [{"name": "setup", "image": "busybox"}]
    }
    for key in reversed(path):
        obj = {key: obj}
    obj |= {"kind": kind, "metadata": meta(kind, "web", resourceVersion="41")}
    found: Any = images_patch(obj, {"app": image(B), "setup": "busybox:2"}, Record({"app": image(A)}, Memory.PENDING))
    assert found["metadata"] == annotated(f'{{"app":"{image(A)}"}}', "pending")
    for key in path:
        found = found[key]
    assert found == {
        "containers": [{"name": "app", "image": image(B)}],
        "initContainers": [{"name": "setup", "image": "busybox:2"}],
    }


def test_the_images_that_were_are_remembered() -> None:
    assert remembered(workload("Deployment"), {"app": image(B)}) == Record({"app": image(A)}, Memory.PENDING)


def test_while_a_rollout_is_pending_its_starting_point_stays_the_one_to_go_back_to() -> None:
    halfway = workload("Deployment", metadata=annotated('{"app":"good:1"}', "pending"))
    assert remembered(halfway, {"app": image(B)}).previous == {"app": "good:1"}
    done = workload("Deployment", metadata=annotated('{"app":"good:1"}', "complete"))
    assert remembered(done, {"app": image(B)}).previous == {"app": image(A)}


@pytest.mark.parametrize("previous", ["", "{", "[]", '{"app":1}', "[" * 100_000])
def test_a_record_that_somebody_broke_counts_as_none(previous: str) -> None:
    assert record(workload("Deployment", metadata=annotated(previous, "pending"))).previous == {}
    assert record(workload("Deployment", metadata=annotated("{}", "nonsense"))) == Record()


def test_going_back_deletes_the_record() -> None:
    found = images_patch(workload("Deployment"), {"app": "good:1"}, Record({}, Memory.UNDONE))
    assert found["metadata"]["annotations"] == {PREVIOUS: None, STAGE: "undone"}


def test_a_container_that_is_not_in_the_template_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="no container 'proxy' in its template: it has: app"):
        check(workload("Deployment"), {"proxy": image(B)})
    with pytest.raises(UsageError, match="not an image reference"):
        check(workload("Deployment"), {"app": "NOT AN IMAGE"})


def test_objects_whose_image_can_not_change_are_refused() -> None:
    mirror = pod()
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "hash"}
    rollout = workload("Deployment") | {"kind": "Rollout"}
    job = workload("Job")
    for obj, why in (
        (job, "template is fixed"),
        (mirror, "kubelet"),
        (rollout, "of a kind"),
        (replica_set(), "is made by"),
    ):
        with pytest.raises(Unsafe, match=why):
            check(obj, {"app": image(B)})


@pytest.mark.parametrize(
    ("metadata", "manager"),
    [
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, "Helm"),
        ({"annotations": {"meta.helm.sh/release-name": "shop"}}, "Helm"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps"}}, "Argo CD"),
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "shop"}}, "Flux"),
        ({"ownerReferences": [made_by("Prometheus", "main")]}, "the Prometheus main"),
    ],
)
def test_whoever_else_manages_the_object_is_named(metadata: dict[str, Any], manager: str) -> None:
    (warning,) = warnings(workload("Deployment", metadata=metadata))
    assert warning.startswith(f"shop/Deployment/web is managed by {manager}, ")
    assert warnings(workload("Deployment")) == ()


def test_a_pinned_reference_keeps_its_tag_for_people() -> None:
    assert pinned(Reference.parse("app:1.2"), Digest(A)) == f"docker.io/library/app:1.2@{A}"
    assert pinned(Reference.parse(f"reg.example/app@{B}"), Digest(A)) == f"reg.example/app@{A}"


def test_current_images_are_the_templates() -> None:
    assert current_images(workload("Deployment")) == {"app": image(A)}
    assert current_images({}) == {}
