"""Whole rollouts on the cluster's twin: done, undone, killed at every moment and taken up again."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.digest import Digest
from pratique.model.errors import NotFound, UsageError
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.rollout.act import roll_out, undo
from pratique.rollout.in_memory import InMemoryCluster, deployment
from pratique.rollout.patch import Memory
from pratique.rollout.protocol import ActsOnCluster
from tests.rollout.shapes import A, B, image


class Killed(BaseException):
    """Somebody pulled the plug."""


def cluster_with_web(image_now: str = "") -> tuple[InMemoryCluster, Workload]:
    cluster = InMemoryCluster()
    return cluster, cluster.add(deployment("shop", "web", {"app": image_now or image(A)}, replicas=2))


def test_the_twin_has_the_clusters_protocol() -> None:
    cluster: ActsOnCluster = InMemoryCluster()
    assert cluster.list_workloads() == ()


def test_a_rollout_runs_to_completion_and_is_proven() -> None:
    cluster, web = cluster_with_web()
    seen: list[RolloutState] = []
    state = roll_out(cluster, web, {"app": image(B)}, on_progress=seen.append)
    assert state.stage is Stage.COMPLETE
    assert [it.stage for it in seen] == [Stage.PROGRESSING, Stage.PROGRESSING, Stage.COMPLETE]
    assert cluster.running_digests(web) == (B,)
    assert cluster.recorded(web).memory is Memory.COMPLETE


def test_a_rollout_that_is_there_already_sends_nothing() -> None:
    cluster, web = cluster_with_web(image(B))
    assert roll_out(cluster, web, {"app": image(B)}).stage is Stage.COMPLETE
    assert cluster.patches == []


def test_a_broken_rollout_is_undone_with_its_reason() -> None:
    cluster, web = cluster_with_web()
    cluster.broken[image(B)] = "ImagePullBackOff: no such image"
    state = roll_out(cluster, web, {"app": image(B)})
    assert state.stage is Stage.UNDONE
    assert "no such image" in state.message
    assert state.message.endswith(f"back to {image(A)}")
    assert cluster.running_digests(web) == (A,)
    assert cluster.workload("shop", "Deployment", "web").containers[0].image == image(A)


def test_a_broken_rollout_is_left_standing_when_that_is_asked_for() -> None:
    cluster, web = cluster_with_web()
    cluster.broken[image(B)] = "no such image"
    assert roll_out(cluster, web, {"app": image(B)}, undo_on_failure=False).stage is Stage.FAILED
    assert cluster.workload("shop", "Deployment", "web").containers[0].image == image(B)


def test_a_rollout_that_does_not_end_is_undone_at_its_deadline() -> None:
    cluster, web = cluster_with_web()
    cluster.ticks = 30
    state = roll_out(cluster, web, {"app": image(B)}, deadline=3)
    assert state.stage is Stage.UNDONE
    assert "not complete after 3 s" in state.message


def test_a_failure_after_two_rollouts_in_a_row_goes_back_to_what_last_worked() -> None:
    cluster, web = cluster_with_web()
    cluster.set_images(web, {"app": "registry.example/never:finished"})
    cluster.broken[image(B)] = "no such image"
    assert roll_out(cluster, web, {"app": image(B)}).stage is Stage.UNDONE
    assert cluster.workload("shop", "Deployment", "web").containers[0].image == image(A)


def test_trouble_after_a_completed_rollout_is_not_undone() -> None:
    cluster, web = cluster_with_web()
    roll_out(cluster, web, {"app": image(B)})
    state = roll_out(cluster, web, {"app": image(B)}, deadline=0)
    assert state.stage is Stage.COMPLETE
    cluster.ticks, cluster.broken = 9, {image(B): "the node is gone"}
    cluster.restart(web)
    state = roll_out(cluster, web, {"app": image(B)})
    assert state.stage is Stage.FAILED
    assert "not undone: it was complete before" in state.message


def test_an_image_that_somebody_else_set_meanwhile_is_not_undone() -> None:
    cluster, web = cluster_with_web()
    cluster.interrupt = lambda: cluster.put_image(web, "app", "somebody.example/else:1")
    state = roll_out(cluster, web, {"app": image(B)})
    assert (state.stage, "somebody changed" in state.message) == (Stage.FAILED, True)
    assert cluster.workload("shop", "Deployment", "web").containers[0].image == "somebody.example/else:1"


def test_undo_goes_back_once() -> None:
    cluster, web = cluster_with_web()
    roll_out(cluster, web, {"app": image(B)})
    assert undo(cluster, web).stage is Stage.UNDONE
    assert cluster.running_digests(web) == (A,)
    state = undo(cluster, web)
    assert (state.stage, "nothing is remembered" in state.message) == (Stage.FAILED, True)


def _kill_after(ticks: int) -> Callable[[], None]:
    left = iter(range(ticks))

    def kill() -> None:
        if next(left, None) is None:
            raise Killed

    return kill


@given(kills=st.lists(st.integers(0, 4), max_size=4), broken=st.booleans())
def test_a_rollout_killed_at_any_moments_ends_as_one_that_was_not(kills: list[int], broken: bool) -> None:
    cluster, web = cluster_with_web()
    if broken:
        cluster.broken[image(B)] = "no such image"
    for moment in kills:
        cluster.interrupt = _kill_after(moment)
        try:
            roll_out(cluster, web, {"app": image(B)})
        except Killed:
            continue
    cluster.interrupt = lambda: None
    state = roll_out(cluster, web, {"app": image(B)})
    assert state.stage is (Stage.UNDONE if broken else Stage.COMPLETE)
    assert cluster.running_digests(web) == ((A,) if broken else (B,))


def test_mistakes_are_named() -> None:
    cluster, web = cluster_with_web()
    with pytest.raises(UsageError, match="no container 'sidecar'"):
        roll_out(cluster, web, {"sidecar": image(B)})
    with pytest.raises(NotFound, match="no workload shop/Deployment/gone"):
        roll_out(cluster, Workload("shop", "Deployment", "gone"), {"app": image(B)})
    with pytest.raises(NotFound, match="no namespace 'nowhere'"):
        cluster.list_workloads(["nowhere"])


def test_what_a_tag_runs_as_is_known_to_the_twin() -> None:
    cluster = InMemoryCluster(digests={"app:1": Digest(A)})
    web = cluster.add(deployment("shop", "web", {"app": "app:1"}))
    assert web.containers[0].running == (A,)
    assert [it.id for it in cluster.list_workloads(["shop"])] == ["shop/Deployment/web"]
