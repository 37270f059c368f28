"""Rollouts on a real Kubernetes: patched, watched, proven, broken, undone, killed and taken up again."""

import json
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.digest import Digest, short
from pratique.model.errors import NotFound, Refused, Unsafe, UsageError
from pratique.model.reference import Reference
from pratique.model.workload import RolloutState, Stage, Workload
from pratique.rollout.act import roll_out, undo
from pratique.rollout.cluster import Cluster
from pratique.rollout.find import How, running
from pratique.rollout.patch import Memory
from tests.support.cluster import kubectl, own_namespace, require_cluster
from tests.support.program_image import push_program

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.root, pytest.mark.xdist_group("cluster")]

NOWHERE = "sha256:" + "ab" * 32


class Lab(msgspec.Struct):
    """A namespace, a registry with two images of one repository, and the cluster."""

    kubeconfig: Path
    namespace: str
    repository: str
    first: str
    second: str
    crashing: str
    cluster: Cluster

    def image(self, digest: str) -> str:
        return f"{self.repository}@{digest}"

    def make(self, kind: str, name: str, *, replicas: int = 1) -> Workload:
        """A workload on the first image, up."""
        kubectl(self.kubeconfig, "apply", "-f", "-", stdin=json.dumps(_object(self, kind, name, replicas)))
        workload = Workload(self.namespace, kind, name)
        state = self.cluster.watch(workload, (), 60)
        assert state.stage is Stage.COMPLETE, state
        return workload


def _object(lab: Lab, kind: str, name: str, replicas: int) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "app", "image": lab.image(lab.first)}
    pod: dict[str, Any] = {"containers": [container], "terminationGracePeriodSeconds": 0}
    spec: dict[str, Any] = pod
    if kind != "Pod":
        spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    if kind in {"Deployment", "StatefulSet"}:
        spec["replicas"] = replicas
    if kind == "StatefulSet":
        spec["serviceName"] = name
    if kind == "CronJob":
        template = {"spec": pod | {"restartPolicy": "Never"}}
        spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": template}}}
    version = {"Pod": "v1", "CronJob": "batch/v1beta1"}.get(kind, "apps/v1")
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": lab.namespace}, "spec": spec}


@pytest.fixture(scope="module")
def lab(registry_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    kubeconfig = require_cluster()
    folder = tmp_path_factory.mktemp("programs")
    with own_namespace(kubeconfig, "pratique-rollout") as namespace, Cluster.connect(kubeconfig, grace=2) as cluster:
        first, second = (push_program(registry_host, "rollout/app", tag, folder) for tag in ("first", "second"))
        crashing = push_program(registry_host, "rollout/app", "crashing", folder, ends=True)
        yield Lab(kubeconfig, namespace, f"{registry_host}/rollout/app", first, second, crashing, cluster)


def test_a_deployment_moves_to_a_digest_and_its_pods_prove_it(lab: Lab) -> None:
    web = lab.make("Deployment", "web", replicas=2)
    seen: list[RolloutState] = []
    state = roll_out(lab.cluster, web, {"app": lab.image(lab.second)}, 60, on_progress=seen.append)
    assert state.stage is Stage.COMPLETE, state
    assert [it.stage for it in seen[:1]] == [Stage.PROGRESSING]
    assert lab.cluster.running_digests(web) == (lab.second,)
    assert lab.cluster.recorded(web).memory is Memory.COMPLETE
    listed = lab.cluster.list_workloads([lab.namespace])
    reference = Reference.parse(f"{lab.repository}:second")
    uses = [use for use in running(listed, Digest(lab.second), reference) if use.workload.name == "web"]
    assert [(use.workload.id, use.container, use.how) for use in uses] == [(web.id, "app", How.RUNNING)]


def test_a_rollout_to_an_image_that_does_not_exist_is_undone_with_the_reason(lab: Lab) -> None:
    api = lab.make("Deployment", "api")
    state = roll_out(lab.cluster, api, {"app": lab.image(NOWHERE)}, 60)
    assert state.stage is Stage.UNDONE, state
    assert "ImagePull" in state.message
    assert f"back to {lab.image(lab.first)}" in state.message
    assert lab.cluster.running_digests(api) == (lab.first,)
    assert lab.cluster.recorded(api).memory is Memory.UNDONE


def test_a_stateful_set_whose_new_pod_crashes_gets_its_old_pod_back(lab: Lab) -> None:
    data = lab.make("StatefulSet", "data")
    state = roll_out(lab.cluster, data, {"app": lab.image(lab.crashing)}, 60)
    assert state.stage is Stage.UNDONE, state
    assert "CrashLoopBackOff" in state.message
    assert lab.cluster.running_digests(data) == (lab.first,)


@pytest.mark.parametrize("kind", ["DaemonSet", "Pod", "CronJob"])
def test_the_other_kinds_move_too(lab: Lab, kind: str) -> None:
    workload = lab.make(kind, kind.lower())
    state = roll_out(lab.cluster, workload, {"app": lab.image(lab.second)}, 60)
    assert state.stage is Stage.COMPLETE, state
    found = lab.cluster.workload(lab.namespace, kind, kind.lower())
    assert found.containers[0].image == lab.image(lab.second)
    assert found.containers[0].running == (() if kind == "CronJob" else (lab.second,))


def test_a_rollout_killed_between_patch_and_watch_is_taken_up_and_can_still_be_undone(lab: Lab) -> None:
    workload = lab.make("Deployment", "killed")
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from pratique.model.workload import Workload
        from pratique.rollout.act import roll_out
        from pratique.rollout.cluster import Cluster
        kubeconfig, namespace, image = sys.argv[1:]
        def kill(state): os.kill(os.getpid(), signal.SIGKILL)
        cluster = Cluster.connect(Path(kubeconfig))
        roll_out(cluster, Workload(namespace, "Deployment", "killed"), {"app": image}, on_progress=kill)
    """)
    wanted = lab.image(lab.second)
    arguments = [sys.executable, "-c", program, str(lab.kubeconfig), lab.namespace, wanted]
    assert subprocess.run(arguments, check=False, timeout=60).returncode == -signal.SIGKILL
    record = lab.cluster.recorded(workload)
    assert (record.memory, record.previous) == (Memory.PENDING, {"app": lab.image(lab.first)})
    assert roll_out(lab.cluster, workload, {"app": wanted}, 60).stage is Stage.COMPLETE
    assert lab.cluster.running_digests(workload) == (lab.second,)
    assert undo(lab.cluster, workload).stage is Stage.UNDONE
    assert lab.cluster.running_digests(workload) == (lab.first,)


def test_an_interrupted_watch_leaves_a_rollout_that_the_same_call_finishes(lab: Lab) -> None:
    workload = lab.make("Deployment", "interrupted")

    def interrupt(state: RolloutState) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        roll_out(lab.cluster, workload, {"app": lab.image(lab.second)}, 60, on_progress=interrupt)
    state = roll_out(lab.cluster, workload, {"app": lab.image(lab.second)}, 60)
    assert state.stage is Stage.COMPLETE, state


def test_what_can_not_be_changed_is_refused_before_anything_is_sent(lab: Lab) -> None:
    workload = lab.make("Deployment", "careful")
    with pytest.raises(UsageError, match="no container 'sidecar'"):
        lab.cluster.set_images(workload, {"sidecar": lab.image(lab.second)})
    made = next(pod for pod in lab.cluster.pods(workload))
    with pytest.raises(Unsafe, match="is made by"):
        lab.cluster.set_images(Workload(lab.namespace, "Pod", made["metadata"]["name"]), {"app": lab.image(lab.second)})


def test_what_is_not_there_is_not_found(lab: Lab) -> None:
    with pytest.raises(NotFound, match="no namespace 'nobody-home'"):
        lab.cluster.list_workloads(["nobody-home"])
    with pytest.raises(NotFound, match="absent"):
        lab.cluster.watch(Workload(lab.namespace, "Deployment", "absent"), (), 5)


def test_a_token_that_is_not_known_is_refused(lab: Lab, tmp_path: Path) -> None:
    stranger = tmp_path / "kubeconfig"
    stranger.write_text(re.sub(r"token: \w+", "token: wrong", lab.kubeconfig.read_text()))
    with Cluster.connect(stranger) as cluster, pytest.raises(Refused, match="does not know us"):
        cluster.list_workloads()


@contextmanager
def no_more_pods(lab: Lab) -> Iterator[None]:
    """A quota that refuses new pods, as an admission webhook would."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    kubectl(lab.kubeconfig, "-n", lab.namespace, "apply", "-f", "-", stdin=json.dumps(quota))
    try:
        yield
    finally:
        kubectl(lab.kubeconfig, "-n", lab.namespace, "delete", "resourcequota", "none")


def test_pods_that_are_refused_admission_fail_a_deployment_soon(lab: Lab) -> None:
    workload = lab.make("Deployment", "quota")
    with no_more_pods(lab):
        state = roll_out(lab.cluster, workload, {"app": lab.image(lab.second)}, 60)
    assert (state.stage, "pods can't be made" in state.message) == (Stage.UNDONE, True), state


def test_pods_that_are_refused_admission_are_why_a_stateful_set_is_late(lab: Lab) -> None:
    workload = lab.make("StatefulSet", "late")
    with no_more_pods(lab):
        state = roll_out(lab.cluster, workload, {"app": lab.image(lab.second)}, 4, undo_on_failure=False)
    assert (state.stage, "exceeded quota" in state.message) == (Stage.FAILED, True), state


def test_the_command_line_sets_asks_and_undoes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    workload = lab.make("Deployment", "cli")
    here = ["--kubeconfig", str(lab.kubeconfig)]
    assert main(["rollout", "set", workload.id, lab.image(lab.second), *here]) == 0
    assert "complete: 1 of 1 pods are new and available" in capsys.readouterr().out
    assert main(["rollout", "who", lab.image(lab.second), "-n", lab.namespace, "-f", "json", *here]) == 0
    uses = json.loads(capsys.readouterr().out)
    assert {"workload": workload.id, "container": "app", "how": "running"} in uses
    assert main(["rollout", "list", "-n", lab.namespace, *here]) == 0
    assert re.search(rf"{workload.id} +app +{lab.image(lab.second)} +{short(lab.second)}", capsys.readouterr().out)
    assert main(["rollout", "undo", workload.id.replace("Deployment", "deploy"), *here]) == 0
    assert f"back to {lab.image(lab.first)}" in capsys.readouterr().out
    assert main(["rollout", "undo", workload.id, *here]) == 3
    assert main(["rollout", "set", workload.id, lab.repository, *here]) == 2
    assert main(["rollout", "set", workload.id, lab.image(NOWHERE), "--deadline", "1", "--no-undo", *here]) == 3
