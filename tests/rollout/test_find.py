"""Who runs what, from plain objects."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.model.workload import Container
from pratique.rollout.find import How, image_digest, running, workloads
from tests.rollout.shapes import REPOSITORY, A, B, image, made_by, meta, pod, replica_set, spec, workload

FIELDS = ["kind", "metadata", "spec", "status", "name", "namespace", "containers", "template", "image", "imageID",
          "ownerReferences", "controller", "containerStatuses", "conditions", "jobTemplate", "state", "waiting",
          "reason", "labels", "annotations", "generation", "observedGeneration", "replicas", "type",
          "phase", "uid"]  # fmt: skip
KINDS = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Rollout"]
WORDS = st.sampled_from(
    [*KINDS, "web", "Ready", "True", "CrashLoopBackOff", image(), A, "", "0001-01-01T00:00:00+23:59"]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={
        "metadata": st.fixed_dictionaries({"name": WORDS}, optional={"ownerReferences": ODD, "labels": ODD}) | ODD,
        "spec": st.fixed_dictionaries({}, optional={"containers": ODD, "template": ODD, "replicas": ODD}) | ODD,
        "status": st.fixed_dictionaries({}, optional={"containerStatuses": ODD, "conditions": ODD}) | ODD,
    },
)


def test_pods_count_as_their_deployment_through_its_replica_set() -> None:
    found = workloads(
        [
            workload("Deployment"),
            replica_set("web-1"),
            pod("web-1-x", made_by("ReplicaSet", "web-1"), digest=A),
            pod("web-1-y", made_by("ReplicaSet", "web-1"), digest=B),
        ]
    )
    assert [it.id for it in found] == ["shop/Deployment/web"]
    assert found[0].containers == (Container("app", image(A), (Digest(A), Digest(B))),)


def test_pods_of_a_job_count_as_its_cron_job() -> None:
    cron = {
        "kind": "CronJob",
        "metadata": meta("CronJob", "nightly"),
        "spec": {"jobTemplate": {"spec": {"template": {"spec": spec()}}}},
    }
    job = workload("Job", "nightly-1", metadata={"ownerReferences": [made_by("CronJob", "nightly")]})
    found = workloads([cron, job, pod("nightly-1-x", made_by("Job", "nightly-1"))])
    assert [(it.id, it.containers[0].running) for it in found] == [("shop/CronJob/nightly", (A,))]


def test_every_kind_stands_for_itself() -> None:
    kinds = ("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet")
    found = workloads([*(workload(kind) for kind in kinds), pod("alone")])
    assert [it.kind for it in found] == ["DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"]
    assert all(it.containers[0].image == image() for it in found)


def test_an_owner_of_an_unknown_kind_is_shown_by_what_its_pods_run() -> None:
    maker = replica_set("canary-1") | {"metadata": meta("ReplicaSet", "canary-1", made_by("Rollout", "canary"))}
    found = workloads([maker, pod("canary-1-x", made_by("ReplicaSet", "canary-1"), digest=B)])
    assert [(it.id, it.containers) for it in found] == [
        ("shop/Rollout/canary", (Container("app", image(B), (Digest(B),)),))
    ]


def test_a_static_pod_is_its_own_workload_though_its_node_owns_it() -> None:
    assert [it.id for it in workloads([pod("etcd-node1", made_by("Node", "node1"))])] == ["shop/Pod/etcd-node1"]


def test_init_containers_and_injected_sidecars_are_listed() -> None:
    deployment = workload("Deployment")
    deployment["spec"]["template"]["spec"]["initContainers"] = [{"name": "setup", "image": "busybox"}]
    running_pod = pod("web-1-x", made_by("ReplicaSet", "web-1"))
    running_pod["spec"]["containers"].append({"name": "proxy", "image": "istio/proxy:1"})
    found = workloads([deployment, replica_set("web-1"), running_pod])
    assert [(it.name, it.init) for it in found[0].containers] == [("app", False), ("setup", True), ("proxy", False)]


def test_a_finished_pod_runs_nothing() -> None:
    found = workloads([workload("Job"), pod("web-x", made_by("Job", "web"), phase="Succeeded")])
    assert found[0].containers[0].running == ()


def test_an_image_id_is_a_manifest_digest_only_behind_an_at_sign() -> None:
    assert image_digest(f"docker-pullable://{REPOSITORY}@{A}") == A
    assert image_digest(f"{REPOSITORY}@{A}") == A
    for odd in (f"docker://{A}", A, "", "@", "app@sha256:short", "x" * 10_000_000):
        assert image_digest(odd) is None


def test_who_runs_an_image_says_how() -> None:
    declared = {"pins": image(B), "tags": f"{REPOSITORY}:1.2", "other": f"{REPOSITORY}:1.3"}
    found = workloads(
        [
            *(workload("Deployment", name, spec={"template": {"spec": spec(app=it)}}) for name, it in declared.items()),
            pod("alone", digest=B),
        ]
    )
    uses = running(found, Digest(B), Reference.parse(f"{REPOSITORY}:1.2"))
    assert [(use.workload.name, use.how) for use in uses] == [
        ("pins", How.PINNED),
        ("tags", How.TAGGED),
        ("alone", How.RUNNING),
    ]
    assert {use.how for use in running(found, Digest(B))} == {How.PINNED, How.RUNNING}


def test_owners_in_a_circle_come_to_an_end() -> None:
    one, two = pod("one", made_by("Pod", "two")), pod("two", made_by("Pod", "one"))
    assert len(workloads([one, two])) == 2


@given(st.lists(OBJECTS, max_size=6))
def test_odd_objects_never_crash_and_each_workload_comes_once_in_order(
    listed: list[dict[str, Any]],
) -> None:
    found = workloads(listed)
    assert list(found) == sorted(found, key=lambda it: it.id)
    assert len({it.id for it in found}) == len(found)
    running(found, Digest(A), Reference.parse("web"))
