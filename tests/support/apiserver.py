"""A real, current Kubernetes API server with its etcd, on loopback: no nodes, no controllers, objects are just stored.

`scripts/apiserver` builds both programs.
"""

import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.machine import free_port
from tests.support.tools import folder as tools_folder

_AUDIT = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Request
  verbs: [create, update, patch]
  resources: [{group: ""}, {group: apps}, {group: batch}]
- level: None
"""
_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: tests
contexts: [{{name: tests, context: {{cluster: tests, user: tests}}}}]
clusters: [{{name: tests, cluster: {{server: '{server}', certificate-authority: '{ca}'}}}}]
users: [{{name: tests, user: {{token: {token}}}}}]
"""


@contextmanager
def api_server(folder: Path) -> Iterator[Path]:
    """Run one whose data lives in `folder`; yields the kubeconfig of an administrator. Skips where it isn't built.

    Beside the kubeconfig is `audit.log`: what was asked, with the patches of webhooks. Service accounts are not asked
    for: nothing here would make them.
    """
    programs = {name: tools_folder() / "bin" / name for name in ("etcd", "kube-apiserver")}
    if not all(path.exists() for path in programs.values()):
        pytest.skip("needs a kube-apiserver and its etcd: scripts/apiserver builds them where there is Go")
    folder.mkdir(parents=True, exist_ok=True)
    store, port, token = f"http://127.0.0.1:{free_port()}", free_port(), secrets.token_hex(16)
    server, ca = f"https://127.0.0.1:{port}", folder / "tls" / "apiserver.crt"
    _write(folder, token)
    with (
        _running([str(programs["etcd"]), *_etcd_arguments(folder, store)], folder / "etcd.log") as etcd,
        _running([str(programs["kube-apiserver"]), *_arguments(folder, store, port)], folder / "api.log") as api,
    ):
        _wait(server, ca, token, {folder / "etcd.log": etcd, folder / "api.log": api})
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(_KUBECONFIG.format(server=server, ca=ca, token=token))
        yield kubeconfig


def _write(folder: Path, token: str) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (folder / "accounts.key").write_bytes(pem)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    (folder / "audit.yaml").write_text(_AUDIT)


def _etcd_arguments(folder: Path, store: str) -> list[str]:
    peer = f"http://127.0.0.1:{free_port()}"
    return [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={store}",
        f"--advertise-client-urls={store}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _arguments(folder: Path, store: str, port: int) -> list[str]:
    return [
        f"--etcd-servers={store}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'tls'}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--endpoint-reconciler-type=none",
        "--authorization-mode=RBAC",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--disable-admission-plugins=ServiceAccount",
        f"--audit-policy-file={folder / 'audit.yaml'}",
        f"--audit-log-path={folder / 'audit.log'}",
        "--audit-log-mode=blocking-strict",
    ]


@contextmanager
def _running(command: Sequence[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(server: str, ca: Path, token: str, processes: "dict[Path, subprocess.Popen[bytes]]") -> None:
    deadline = time.monotonic() + 90
    why = ""
    while time.monotonic() < deadline and all(process.poll() is None for process in processes.values()):
        request = urllib.request.Request(f"{server}/readyz", headers={"Authorization": f"Bearer {token}"})
        try:
            trust = ssl.create_default_context(cafile=ca)
            urllib.request.urlopen(request, timeout=5, context=trust).close()
        except urllib.error.HTTPError as error:
            with error:
                why = error.read().decode(errors="replace")[-500:]
        except OSError as error:
            why = str(error)
        else:
            return
        time.sleep(0.1)
    logs = "\n".join(path.read_text(errors="replace")[-1500:] for path in processes)
    raise RuntimeError(f"kube-apiserver did not start: {why}\n{logs}")
