"""`pratique serve` as a process beside a real registry, whose notifications pass through a relay that counts them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pratique.attest.keys import Verifier, generate, load_public
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry.images import load, pack
from pratique.registry.remote import RemoteRegistry
from tests.loop.world import layer, site_packages
from tests.support.docker_registry import docker_registry
from tests.support.machine import PROJECT, free_port, require

TOKEN = "the-hook-s-token"
_RECORD = {
    "id": "GHSA-462w-v97r-4m45",
    "modified": "2024-02-01T00:00:00Z",
    "aliases": ["CVE-2019-10906"],
    "database_specific": {"severity": "HIGH"},
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}


@dataclass
class Site:
    """A registry, the state of a `pratique serve`, and what was pushed to the registry by whoever."""

    folder: Path
    host: str
    hooks: int
    registry: RemoteRegistry
    verifier: Verifier
    pushes: list[tuple[str, str]] = field(default_factory=list)

    def reference(self, name: str) -> Reference:
        return Reference.parse(f"{self.host}/{name}:1")

    def current(self, name: str) -> Image:
        return load(self.registry.repository(self.reference(name)), "1")

    def push_base(self, version: str, name: str = "base") -> Image:
        layers = [layer({"etc/os-release": b"ID=debian\nVERSION_ID=12\n"}), site_packages("jinja2", version)]
        return pack(self.registry.repository(self.reference(name)), layers, tag="1", config={"Env": [f"V={version}"]})

    def push_app(self, name: str, base: str) -> Image:
        below, repository = self.current(base), self.registry.repository(self.reference(name))
        for each in below.layers:
            repository.mount_blob(each.descriptor, self.reference(base))
        own = layer({f"app/{name}.py": b"print()\n"})
        return pack(repository, [own], base=below, tag="1", config={"Cmd": ["python", name]})

    def named(self, name: str) -> set[str]:
        """Every digest that was pushed under the image's tag, by whoever."""
        return {digest for tag, digest in self.pushes if tag == f"{name}:1"}

    def is_on(self, name: str, base: str) -> bool:
        """Whether an image is built on what its base's tag names now."""
        below = self.current(base).diff_ids
        return self.current(name).diff_ids[: len(below)] == below

    def arguments(self) -> list[str]:
        folder = self.folder
        return [
            *("--state", str(folder / "state"), "--db", str(folder / "advisories.db"), "--key", str(folder / "key")),
            *("--registry", self.host, "--vouch-for", self.host, "--hooks", f"127.0.0.1:{self.hooks}"),
            *("--hook-token", str(folder / "token")),
        ]

    def events(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.hooks}/api/events", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A registry that tells of pushes, and all that `serve` needs; nothing serves yet."""
    require("docker-registry")
    hooks, pair = free_port(), generate(b"")
    (folder / "key").write_bytes(pair.private_pem)
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "osv").mkdir()
    (folder / "osv" / "one.json").write_text(json.dumps(_RECORD))
    run("db", "build", "--osv", str(folder / "osv"), "-o", str(folder / "advisories.db"))
    pushes: list[tuple[str, str]] = []
    with (
        _relay(hooks, pushes) as relay,
        docker_registry(folder / "registry", notify=relay) as host,
        RemoteRegistry() as registry,
    ):
        yield Site(folder, host, hooks, registry, load_public(pair.public_pem), pushes)


@contextmanager
def serving(place: Site, *more: str, ready: float = 30.0) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `pratique serve` until the end of the block (or of the process)."""
    log = place.folder / "serve.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pratique", "serve", *place.arguments(), *more],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: process.poll() is not None or _answers(place.hooks), "serve to answer", ready)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


def run(*argv: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `pratique` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "pratique", *argv],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def until(holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def post(url: str, body: bytes, token: str | None = TOKEN) -> int:
    """Post to a hook; the status of its answer."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
    except OSError:
        return False
    return True


@contextmanager
def _relay(hooks: int, pushes: list[tuple[str, str]]) -> Iterator[str]:
    """Notes pushes of tags, and passes everything on with the token; where nobody serves, the registry tries again."""
    noted: set[str] = set()

    class Relay(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for event in json.loads(body)["events"]:
                target = event["target"]
                if event["action"] == "push" and target.get("tag") and event["id"] not in noted:
                    noted.add(event["id"])
                    pushes.append((f"{target['repository']}:{target['tag']}", target["digest"]))
            try:
                status = post(f"http://127.0.0.1:{hooks}/hooks/distribution", body)
            except OSError:
                status = 502
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
