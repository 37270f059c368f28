"""An API server that goes away, is slower than others' changes, or old: what the cluster's actor makes of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pratique.model.digest import Digest
from pratique.model.errors import NotFound, PratiqueError, Unavailable, UsageError
from pratique.model.workload import Stage, Workload
from pratique.rollout.api import Api, Conflict, Params
from pratique.rollout.cluster import Cluster
from tests.rollout.shapes import A, B, image, made_by, meta, pod, replica_set, spec, workload
from tests.rollout.test_status import DONE

WEB = Workload("shop", "Deployment", "web")
REVISION = {"annotations": {"deployment.kubernetes.io/revision": "2"}, "resourceVersion": "1"}


class ScriptedApi(Api):
    """Answers from a dictionary of paths; `trouble` is raised first, one error a call."""

    def __init__(self, objects: Mapping[str, Any]) -> None:
        self.objects = dict(objects)
        self.server = "https://scripted"
        self.trouble: list[PratiqueError] = []
        self.patches: list[Mapping[str, Any]] = []
        self.waits = 0
        self._ahead = 0.0

    def get(self, path: str, params: Params | None = None) -> dict[str, Any]:
        if self.trouble:
            raise self.trouble.pop(0)
        if path not in self.objects:
            raise NotFound(f"no {path}")
        found: dict[str, Any] = self.objects[path]
        return found

    def list(self, path: str, params: Params | None = None) -> Iterator[dict[str, Any]]:
        yield from self.objects.get(path, ())

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self.patches.append(body)
        if self.trouble:
            raise self.trouble.pop(0)
        return {}

    def wait(self, path: str, name: str, resource_version: str, seconds: float) -> None:
        self.waits += 1


def scripted(**status: int) -> ScriptedApi:
    root = "apis/apps/v1/namespaces/shop"
    running = pod("web-1-x", made_by("ReplicaSet", "web-1"), labels={"pod-template-hash": "web-1"})
    return ScriptedApi(
        {
            f"{root}/deployments/web": workload("Deployment", metadata=REVISION, spec={"replicas": 2}, status=status),
            f"{root}/replicasets": [replica_set("web-1")],
            "api/v1/namespaces/shop/pods": [running, pod("strangers", made_by("ReplicaSet", "other"))],
        }
    )


def test_an_api_server_that_goes_away_is_waited_for() -> None:
    api = scripted(**DONE)
    api.trouble = [Unavailable("no answer"), Unavailable("no answer")]
    state = Cluster(api, poll=0.01).watch(WEB, [Digest(A)], 5)
    assert state.stage is Stage.COMPLETE


def test_an_api_server_that_stays_away_is_why_the_rollout_is_late() -> None:
    api = scripted(**DONE)
    api.trouble = [Unavailable("no answer")] * 1000
    state = Cluster(api, poll=0.01).watch(WEB, (), 0.05)
    assert (state.stage, state.message) == (Stage.FAILED, "not complete after 0.05 s: no answer")


def test_a_watch_ends_at_its_deadline_and_waits_for_changes_until_then() -> None:
    api = scripted(replicas=2, updatedReplicas=1)
    state = Cluster(api).watch(WEB, (), 0.05)
    assert (state.stage, state.message) == (Stage.FAILED, "not complete after 0.05 s: 1 of 2 pods are new")
    assert api.waits > 1


def test_a_patch_that_others_were_faster_than_is_decided_anew() -> None:
    api = scripted(**DONE)
    cluster = Cluster(api)
    api_get, changes = api.get, iter(("2", "3", "4"))

    def get(path: str, params: Params | None = None) -> dict[str, Any]:
        found = api_get(path, params)
        version = next(changes)
        if version != "4":
            api.trouble = [Conflict("modified meanwhile")]
        return found | {"metadata": found["metadata"] | {"resourceVersion": version}}

    api.get = get  # type: ignore[method-assign]
    assert cluster.set_images(WEB, {"app": image(B)}) == {"app": image(A)}
    assert [it["metadata"]["resourceVersion"] for it in api.patches] == ["2", "3", "4"]


def test_only_the_workloads_own_pods_count() -> None:
    cluster = Cluster(scripted(**DONE))
    assert [it["metadata"]["name"] for it in cluster.pods(WEB)] == ["web-1-x"]
    assert cluster.workload("shop", "Deployment", "web").containers[0].running == (A,)


@pytest.mark.parametrize(("served", "root"), [(["jobs"], "v1beta1"), (["jobs", "cronjobs"], "v1")])
def test_cron_jobs_are_found_in_old_and_new_clusters(served: list[str], root: str) -> None:
    cron = {"metadata": meta("CronJob", "nightly"), "spec": {"jobTemplate": {"spec": {"template": {"spec": spec()}}}}}
    api = ScriptedApi(
        {
            "apis/batch/v1": {"resources": [{"name": name} for name in served]},
            f"apis/batch/{root}/namespaces/shop/cronjobs/nightly": cron,
        }
    )
    found = Cluster(api).workload("shop", "CronJob", "nightly")
    assert found.containers[0].image == image(A)


@pytest.mark.parametrize("name", ["..", "a/b", "", "Web", "a?b", "x" * 300])
def test_a_name_that_can_not_be_one_is_never_sent(name: str) -> None:
    api = scripted()
    for odd in (Workload(name, "Deployment", "web"), Workload("shop", "Deployment", name)):
        with pytest.raises(UsageError, match="not a Kubernetes name"):
            Cluster(api).set_images(odd, {"app": image(B)})
    assert api.patches == []


def test_a_kind_that_we_can_not_change_is_named() -> None:
    with pytest.raises(UsageError, match="shop/Rollout/web is of a kind"):
        Cluster(scripted()).set_images(Workload("shop", "Rollout", "web"), {"app": image(B)})
