"""How far a rollout is, kind by kind and state by state."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.digest import Digest
from pratique.model.workload import RolloutState, Stage
from pratique.rollout.status import new_pods, progress, proven, stuck, with_proof
from tests.rollout.shapes import NOW, REPOSITORY, A, B, image, made_by, pod, replica_set, spec, stamp, workload
from tests.rollout.test_find import OBJECTS

DONE = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
SCHEDULED = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
SAME = {"currentRevision": "web-1", "updateRevision": "web-1"}
MOVING = {"currentRevision": "web-1", "updateRevision": "web-2"}


def conditions(kind: str, status: str, reason: str = "", since: float = 60) -> dict[str, Any]:
    found = {"type": kind, "status": status, "reason": reason, "message": f"{reason} it says"}
    return {"conditions": [found | {"lastTransitionTime": stamp(since)}]}


@pytest.mark.parametrize(
    ("kind", "spec", "status", "stage", "message"),
    [
        ("Deployment", {"replicas": 2}, DONE, Stage.COMPLETE, "2 of 2 pods are new and available"),
        ("Deployment", {"replicas": 0}, {}, Stage.COMPLETE, "0 of 0"),
        ("Deployment", {"replicas": 2}, DONE | {"observedGeneration": 1}, Stage.PROGRESSING, "has not seen the change"),
        ("Deployment", {"replicas": 2}, DONE | {"updatedReplicas": 1}, Stage.PROGRESSING, "1 of 2 pods are new"),
        ("Deployment", {"replicas": 2}, DONE | {"replicas": 3}, Stage.PROGRESSING, "1 old pods are still there"),
        ("Deployment", {"replicas": 2}, DONE | {"availableReplicas": 1}, Stage.PROGRESSING, "1 of 2 new pods"),
        ("Deployment", {"replicas": 2, "paused": True}, {}, Stage.WAITING, "paused"),
        ("Deployment", {}, conditions("Progressing", "False", "ProgressDeadlineExceeded"), Stage.FAILED, "Deadline"),
        ("Deployment", {}, conditions("ReplicaFailure", "True", "FailedCreate"), Stage.FAILED, "pods can't be made"),
        ("Deployment", {}, conditions("ReplicaFailure", "True", "FailedCreate", 1), Stage.PROGRESSING, "0 of 1"),
        ("StatefulSet", {"replicas": 2}, DONE | SAME, Stage.COMPLETE, "2 of 2 pods are new and ready"),
        ("StatefulSet", {"replicas": 2}, DONE | MOVING | {"updatedReplicas": 1}, Stage.PROGRESSING, "1 of 2 pods"),
        ("StatefulSet", {"replicas": 2}, DONE | MOVING | {"readyReplicas": 1}, Stage.PROGRESSING, "1 of 2 pods are r"),
        ("StatefulSet", {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
         DONE | MOVING | {"updatedReplicas": 1}, Stage.COMPLETE, "1 of 1 pods of the partition"),
        ("StatefulSet", {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
         DONE | MOVING | {"updatedReplicas": 1, "readyReplicas": 3}, Stage.PROGRESSING, "1 of 2 pods of the partition"),
        ("StatefulSet", {"replicas": 2, "updateStrategy": {"type": "OnDelete"}},
         DONE | MOVING | {"updatedReplicas": 0}, Stage.WAITING, "OnDelete"),
        ("DaemonSet", {}, SCHEDULED, Stage.COMPLETE, "2 of 2 pods are new and available"),
        ("DaemonSet", {}, SCHEDULED | {"updatedNumberScheduled": 1}, Stage.PROGRESSING, "1 of 2 pods are new"),
        ("DaemonSet", {}, SCHEDULED | {"numberAvailable": 1}, Stage.PROGRESSING, "1 of 2 pods are available"),
        ("DaemonSet", {}, SCHEDULED | {"observedGeneration": 1}, Stage.PROGRESSING, "has not seen the change"),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, SCHEDULED | {"updatedNumberScheduled": 1},
         Stage.WAITING, "OnDelete"),
        ("Job", {}, {"active": 1}, Stage.PROGRESSING, "1 pods are active"),
        ("Job", {}, conditions("Complete", "True"), Stage.COMPLETE, "it says"),
        ("Job", {}, conditions("Failed", "True", "BackoffLimitExceeded"), Stage.FAILED, "BackoffLimitExceeded"),
        ("CronJob", {}, {}, Stage.COMPLETE, "next run"),
        ("ReplicaSet", {"replicas": 1}, {"readyReplicas": 1}, Stage.COMPLETE, "1 of 1 pods are ready"),
        ("ReplicaSet", {"replicas": 1}, {}, Stage.PROGRESSING, "0 of 1 pods are ready"),
    ],
)  # fmt: skip
def test_each_kind_tells_how_far_it_is(
    kind: str, spec: dict[str, Any], status: dict[str, Any], stage: Stage, message: str
) -> None:
    state = progress(workload(kind, spec=spec, status=status), [], NOW)
    assert (state.workload, state.stage) == (f"shop/{kind}/web", stage)
    assert message in state.message


def test_a_bare_replica_set_waits_until_its_old_pods_are_deleted() -> None:
    old = pod("web-x", made_by("ReplicaSet", "web"), digest=B)
    state = progress(workload("ReplicaSet", spec={"replicas": 1}, status={"readyReplicas": 1}), [old], NOW)
    assert (state.stage, state.message) == (Stage.WAITING, "1 pods keep the old image until they are deleted")


def test_a_bare_pod_is_complete_when_it_is_ready_with_its_new_image() -> None:
    changed = pod(digest=A)
    assert progress(changed, [changed], NOW).stage is Stage.COMPLETE
    changed["spec"] = spec(app=image(B))
    assert progress(changed, [changed], NOW).stage is Stage.PROGRESSING
    assert progress(pod(phase="Succeeded"), [], NOW).stage is Stage.COMPLETE
    assert progress(pod(phase="Failed"), [], NOW).stage is Stage.FAILED


@pytest.mark.parametrize(
    "reason", ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError"]
)
def test_a_stuck_new_pod_fails_the_rollout_after_a_short_grace(reason: str) -> None:
    deployment = workload("Deployment", metadata={"annotations": {"deployment.kubernetes.io/revision": "2"}})
    labels = {"pod-template-hash": "web-1"}
    for age, stage in ((5, Stage.PROGRESSING), (25, Stage.FAILED)):
        waits = pod("web-1-x", made_by("ReplicaSet", "web-1"), waiting=reason, age=age, labels=labels)
        state = progress(deployment, [waits], NOW, replica_sets=[replica_set("web-1")])
        assert state.stage is stage
    assert state.message == f"web-1-x: container app is in {reason} (so it is)"


def test_an_invalid_image_name_is_hopeless_at_once() -> None:
    assert "InvalidImageName" in stuck([pod(waiting="InvalidImageName", age=0)], NOW)
    assert not stuck([pod(waiting="ContainerCreating", age=9999)], NOW)


def test_a_stuck_pod_of_the_old_revision_does_not_fail_the_new_one() -> None:
    deployment = workload("Deployment", metadata={"annotations": {"deployment.kubernetes.io/revision": "2"}})
    old = pod("web-0-x", waiting="CrashLoopBackOff", labels={"pod-template-hash": "web-0"})
    state = progress(deployment, [old], NOW, replica_sets=[replica_set("web-0", "1"), replica_set("web-1", "2")])
    assert state.stage is Stage.PROGRESSING


def test_pods_that_admission_refuses_fail_the_new_replica_set_only() -> None:
    deployment = workload("Deployment", metadata={"annotations": {"deployment.kubernetes.io/revision": "2"}})
    refused = conditions("ReplicaFailure", "True", "FailedCreate")
    for revision, stage in (("2", Stage.FAILED), ("1", Stage.PROGRESSING)):
        state = progress(deployment, [], NOW, replica_sets=[replica_set("web-1", revision, **refused)])
        assert state.stage is stage


def test_the_new_pods_are_known_by_their_controllers_labels() -> None:
    stateful = workload("StatefulSet", status=MOVING)
    daemon = workload("DaemonSet", metadata={"annotations": {"deprecated.daemonset.template.generation": "3"}})
    for owner, labels in (
        (stateful, {"controller-revision-hash": "web-2"}),
        (daemon, {"pod-template-generation": "3"}),
    ):
        pods = [pod("new", labels=labels), pod("old", labels=dict.fromkeys(labels, "web-1"))]
        assert [it["metadata"]["name"] for it in new_pods(owner, pods)] == ["new"]
    going = pod("going")
    going["metadata"]["deletionTimestamp"] = stamp(1)
    assert new_pods(workload("ReplicaSet"), [going]) == []


def test_proof_is_the_runtimes_own_report() -> None:
    assert proven([pod(digest=A), pod(digest=A)], Digest(A))
    assert not proven([pod(digest=A), pod(digest=B)], Digest(A))
    assert not proven([pod(waiting="ErrImagePull")], Digest(A))
    assert proven([pod(digest=B)], Digest(A), also=[Digest(B)])


def test_a_complete_rollout_counts_only_when_the_pods_pin_the_digest() -> None:
    done = RolloutState("shop/Deployment/web", Stage.COMPLETE, "done")
    deployment = workload("Deployment")
    assert with_proof(done, deployment, [pod(digest=A)], [Digest(A)]) == done
    assert with_proof(done, deployment, [pod(digest=B)], [Digest(A)]).stage is Stage.FAILED
    assert "somebody changed the image" in with_proof(done, deployment, [pod(digest=A)], [Digest(B)]).message


def test_a_rollout_without_a_pod_to_prove_it_is_not_complete_unless_none_is_wanted() -> None:
    done = RolloutState("shop/Deployment/web", Stage.COMPLETE, "done")
    assert with_proof(done, workload("Deployment", status=DONE), [], [Digest(A)]).stage is Stage.PROGRESSING
    assert with_proof(done, workload("DaemonSet", status=SCHEDULED), [], [Digest(A)]).stage is Stage.PROGRESSING
    assert with_proof(done, workload("Deployment", spec={"replicas": 0}), [], [Digest(A)]) == done


def test_a_runtime_that_names_the_platforms_manifest_is_believed_and_quoted() -> None:
    platform = pod(digest=A)
    platform["status"]["containerStatuses"][0]["imageID"] = f"{REPOSITORY}@{B}"
    done = RolloutState("shop/Deployment/web", Stage.COMPLETE, "done")
    assert with_proof(done, workload("Deployment"), [platform], [Digest(A)]) == RolloutState(
        "shop/Deployment/web", Stage.COMPLETE, f"done; the runtime reports {B}"
    )


@given(OBJECTS, st.lists(OBJECTS, max_size=3), st.lists(OBJECTS, max_size=2))
def test_odd_objects_never_crash(obj: dict[str, Any], pods: list[dict[str, Any]], makers: list[dict[str, Any]]) -> None:
    state = progress(obj, pods, NOW, replica_sets=makers, grace=0)
    with_proof(state, obj, new_pods(obj, pods, makers), [Digest(A)])
    assert state.stage in {Stage.WAITING, Stage.PROGRESSING, Stage.COMPLETE, Stage.FAILED}
    stuck(pods, NOW, 0)
