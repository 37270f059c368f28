"""A real Kubernetes cluster for tests: one that is named to us, or the machine's own, or a skip that says why."""

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.machine import require, require_root, require_shared


def require_cluster() -> Path:
    """The kubeconfig of a Ready cluster.

    `PRATIQUE_TEST_KUBECONFIG` names one; otherwise it is the machine's own (`shared/kube/cluster`, needs root),
    brought up when `PRATIQUE_CLUSTER_UP=1`.
    """
    named = os.environ.get("PRATIQUE_TEST_KUBECONFIG")
    if named:
        return Path(named)
    script = require_shared("kube/cluster")
    require_root()
    require("kubectl")
    if os.environ.get("PRATIQUE_CLUSTER_UP") == "1":
        subprocess.run([script, "up"], check=True, timeout=1200)
    if subprocess.run([script, "status"], check=False, capture_output=True, timeout=30).returncode != 0:
        pytest.skip("needs a Kubernetes cluster: none is up (PRATIQUE_CLUSTER_UP=1 starts one)")
    printed = subprocess.run([script, "env"], check=True, capture_output=True, text=True, timeout=30).stdout
    found = re.search(r"KUBECONFIG=(\S+)", printed)
    assert found, f"{script} env printed no KUBECONFIG"
    return Path(found[1])


def kubectl(kubeconfig: Path, *arguments: str, stdin: str = "") -> str:
    """Run kubectl and return what it printed."""
    command = ["kubectl", f"--kubeconfig={kubeconfig}", "--request-timeout=20s", *arguments]
    done = subprocess.run(command, input=stdin, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


@contextmanager
def own_namespace(kubeconfig: Path, prefix: str) -> Iterator[str]:
    """A new namespace, deleted at the end (without waiting for its end)."""
    name = f"{prefix}-{secrets.token_hex(4)}"
    kubectl(kubeconfig, "create", "namespace", name)
    try:
        yield name
    finally:
        kubectl(kubeconfig, "delete", "namespace", name, "--wait=false")
