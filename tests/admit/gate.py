"""`pratique admit serve` as a process of its own, and the objects that knock at it."""

import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pratique.admit import certificates

NAME = "127.0.0.1"


class Kind(NamedTuple):
    """A kind that makes Pods: where its objects are kept, and where in them the Pod's spec is."""

    kind: str
    group: str
    plural: str
    spec: tuple[str, ...]

    def path(self, namespace: str, name: str = "") -> str:
        """The path of the collection, or of an object in it."""
        root = f"apis/{self.group}" if self.group else "api"
        return f"{root}/v1/namespaces/{namespace}/{self.plural}" + (f"/{name}" if name else "")


_TEMPLATE = ("spec", "template", "spec")
POD = Kind("Pod", "", "pods", ("spec",))
DEPLOYMENT = Kind("Deployment", "apps", "deployments", _TEMPLATE)
KINDS = (
    POD,
    Kind("PodTemplate", "", "podtemplates", ("template", "spec")),
    Kind("ReplicationController", "", "replicationcontrollers", _TEMPLATE),
    DEPLOYMENT,
    Kind("StatefulSet", "apps", "statefulsets", _TEMPLATE),
    Kind("DaemonSet", "apps", "daemonsets", _TEMPLATE),
    Kind("ReplicaSet", "apps", "replicasets", _TEMPLATE),
    Kind("Job", "batch", "jobs", _TEMPLATE),
    Kind("CronJob", "batch", "cronjobs", ("spec", "jobTemplate", "spec", "template", "spec")),
)


def workload(kind: Kind, image: str, name: str = "app", **spec: Any) -> dict[str, Any]:
    """An object of that kind with one container; `spec` is added to the Pod's."""
    labels = {"app": name}
    restart = "Never" if kind.group == "batch" else "Always"
    inner: dict[str, Any] = {"containers": [{"name": "app", "image": image}], "restartPolicy": restart, **spec}
    for step in reversed(kind.spec):
        inner = {step: inner} | ({"metadata": {"labels": labels}} if step == "spec" else {})
        if step == "template" and kind.group == "apps":
            inner["selector"] = {"matchLabels": labels}
    if kind.kind == "StatefulSet":
        inner["spec"]["serviceName"] = name
    if kind.kind == "CronJob":
        inner["spec"]["schedule"] = "@daily"
    return {**inner, "apiVersion": f"{kind.group}/v1".strip("/"), "kind": kind.kind, "metadata": {"name": name}}


def image_in(kind: Kind, document: dict[str, Any]) -> str:
    """The image of its first container."""
    spec: Any = document
    for step in kind.spec:
        spec = spec[step]
    image: str = spec["containers"][0]["image"]
    return image


def new_certificate(folder: Path) -> bytes:
    """Write `tls.crt`, `tls.key` and `ca.crt`, by a CA that is new too; returns that CA."""
    issued = certificates.issue([NAME], datetime.now(UTC))
    certificates.write(folder, issued)
    return issued.ca_pem


@contextmanager
def gate(folder: Path, port: int, key: Path, policy: str) -> Iterator[str]:
    """Run the gate with the certificate in `folder`; yields its address. Ends well or fails the test."""
    (folder / "policy.yaml").write_text(policy)
    command = [sys.executable, "-m", "pratique", "admit", "serve", "--host", NAME, "--port", str(port)]
    command += ["--certificate", str(folder / "tls.crt"), "--private-key", str(folder / "tls.key")]
    command += ["--key", str(key), "--policy", str(folder / "policy.yaml")]
    log = folder / "gate.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        url = f"https://{NAME}:{port}"
        _wait(url, folder / "ca.crt", process, log)
        yield url
    finally:
        process.terminate()
        process.wait(20)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()


def presents(url: str, ca_pem: bytes) -> bool:
    """Whether the gate answers with a certificate by this CA."""
    try:
        trust = ssl.create_default_context(cadata=ca_pem.decode())
        urllib.request.urlopen(f"{url}/healthz", timeout=5, context=trust).close()
    except OSError:
        return False
    return True


def _wait(url: str, ca: Path, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while not presents(url, ca.read_bytes()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the gate does not answer"
        time.sleep(0.05)
