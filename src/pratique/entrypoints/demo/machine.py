"""What the cluster demo runs beside itself: a real registry, `pratique serve`, and the cluster it is given."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pratique.model.errors import NotFound, PratiqueError, UsageError

PROGRAMS = {"docker-registry": "docker-registry", "buildah": "buildah", "mmdebstrap": "mmdebstrap"}
_REGISTRY = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
notifications:
  endpoints:
    - name: pratique
      url: http://127.0.0.1:{hooks}/hooks/distribution
      headers: {{Authorization: ["Bearer {token}"]}}
      timeout: 5s
      threshold: 5
      backoff: 1s
"""
_CLUSTER_SCRIPT = "shared/kube/cluster"


def check() -> None:
    """Whether this machine can run the cluster demo. Raises PratiqueError that says what is missing."""
    if os.geteuid() != 0:
        raise PratiqueError("the cluster demo needs root", "mmdebstrap and buildah make real root file systems")
    missing = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if missing:
        raise NotFound(f"not on this machine: {', '.join(missing)}", f"apt-get install {' '.join(missing)}")


def kubeconfig() -> Path:
    """The current cluster's kubeconfig, or that of the local one, which is started. Raises NotFound, PratiqueError."""
    if named := os.environ.get("KUBECONFIG"):
        return Path(named)
    script = Path.cwd().parent / _CLUSTER_SCRIPT
    if not script.exists():
        raise NotFound("no cluster: KUBECONFIG names none", f"set it, or put {_CLUSTER_SCRIPT} beside the project")
    done = subprocess.run([str(script), "up"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PratiqueError(f"the local cluster did not start ({_last(done.stderr)})", f"run {_CLUSTER_SCRIPT} up")
    printed = subprocess.run([str(script), "env"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"KUBECONFIG=(\S+)", printed)
    if found is None:
        raise PratiqueError(f"{_CLUSTER_SCRIPT} env names no KUBECONFIG", "set KUBECONFIG yourself")
    return Path(found[1])


def free_ports(count: int) -> tuple[int, ...]:
    """Ports on loopback that were free a moment ago."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return tuple(listener.getsockname()[1] for listener in listeners)
    finally:
        for listener in listeners:
            listener.close()


@contextmanager
def registry(folder: Path, port: int, hooks: int, token: str) -> Iterator[str]:
    """A real docker-registry that notifies our hooks; yields its `host:port`."""
    folder.mkdir(parents=True)
    config = folder / "config.yml"
    config.write_text(_REGISTRY.format(folder=folder / "data", port=port, hooks=hooks, token=token))
    config.chmod(0o600)
    with _running(["docker-registry", "serve", str(config)], folder / "log") as process:
        _answers(f"http://127.0.0.1:{port}/v2/", process, folder / "log")
        yield f"127.0.0.1:{port}"


@contextmanager
def serve(arguments: Sequence[str], hooks: int, log: Path) -> Iterator[None]:
    """`pratique serve`, as an operator starts it; ready when this begins."""
    with _running([sys.executable, "-m", "pratique", "serve", *arguments], log) as process:
        until = time.monotonic() + 60
        while "serving" not in log.read_text():
            if process.poll() is not None or time.monotonic() > until:
                raise PratiqueError(f"pratique serve did not start ({_last(log.read_text())})", f"see {log}")
            time.sleep(0.05)
        _answers(f"http://127.0.0.1:{hooks}/healthz", process, log)
        yield


@contextmanager
def _running(command: Sequence[str], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own loopback address
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise PratiqueError(f"{url} does not answer ({_last(log.read_text())})", f"see {log}")


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]


def need(good: object, otherwise: str) -> None:
    """Raise unless it is so: the demo shows nothing that did not happen."""
    if not good:
        raise UsageError(f"the demo did not go as it must: {otherwise}", "see the logs in its folder")
