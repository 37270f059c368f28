"""`pratique demo --cluster`, nothing simulated: real registry, Debian, buildah and Kubernetes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import require_cluster
from tests.support.machine import PROJECT, require, require_root

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


@pytest.mark.timeout(900)
def test_a_pushed_base_becomes_a_patched_pod(tmp_path: Path) -> None:
    require_root()
    require("docker-registry", "buildah", "mmdebstrap")
    kubeconfig = require_cluster()
    done = subprocess.run(
        [sys.executable, "-m", "pratique", "demo", "--cluster", "--out", str(tmp_path / "out")],
        cwd=PROJECT,
        env={**os.environ, "KUBECONFIG": str(kubeconfig), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout[-3000:]}"
    assert re.search(r"✓ .*kube-apiserver .*admission webhook", done.stdout)  # the stranger was refused
    assert re.search(r"✓ .*digest +every pod runs [0-9a-f]{12}, none [0-9a-f]{12}", done.stdout)
    assert re.search(r"✓ .*patched +\S+ \S+ → \S+", done.stdout)
    clock = [float(found) for found in re.findall(r"✓ .* (\d+\.\d\d) s after the push", done.stdout)]
    assert len(clock) == 6  # detected, rebuilt, validated, signed, admitted, running
    assert 0 <= clock[0] < clock[-1] < 300
