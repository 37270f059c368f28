"""Connecting to a cluster that isn't there, isn't one, or doesn't know us: an error in one line, soon."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable, UsageError
from pratique.rollout.api import Api, Conflict
from pratique.rollout.cluster import Cluster
from tests.support.machine import free_port


def kubeconfig(folder: Path, server: str, user: Mapping[str, object] | None = None) -> Path:
    path = folder / "kubeconfig"
    path.write_text(
        json.dumps(
            {
                "current-context": "here",
                "clusters": [{"name": "here", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": user or {"token": "secret-token"}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            }
        )
    )
    return path


@contextmanager
def answering(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server that has one answer for all."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class' name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", "clusters: 7", "a: b: c", "clusters: []\ncontexts: []\ncurrent-context: x", "\x00", "- " * 500],
)
def test_a_kubeconfig_that_is_none_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(UsageError, match="can't use the kubeconfig") as caught:
        Api.connect(path)
    assert "\n" not in str(caught.value)


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        Cluster.connect(tmp_path / "absent")


def test_a_context_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="production"):
        Cluster.connect(kubeconfig(tmp_path, "https://127.0.0.1:1"), "production")


def test_a_login_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    login = {"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-login-program"}}
    with (
        Cluster.connect(kubeconfig(tmp_path, "http://127.0.0.1:1", login)) as cluster,
        pytest.raises(UsageError, match="no-such-login-program"),
    ):
        cluster.list_workloads()


def test_a_cluster_that_nobody_answers_for_is_unavailable(tmp_path: Path) -> None:
    server = f"https://127.0.0.1:{free_port()}"
    with Cluster.connect(kubeconfig(tmp_path, server)) as cluster, pytest.raises(Unavailable, match=server) as caught:
        cluster.list_workloads()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b'{"message":"Unauthorized"}', Refused),
        (403, b'{"message":"pods is forbidden"}', Refused),
        (400, b'{"message":"admission webhook \\"a.b.c\\" denied the request"}', Refused),
        (404, b'{"message":"not found"}', NotFound),
        (409, b'{"message":"the object has been modified"}', Conflict),
        (422, b'{"message":"is invalid"}', InvalidData),
        (429, b"slow down", Unavailable),
        (500, b"<html>" + b"x" * 100_000, Unavailable),
        (503, b"", Unavailable),
        (200, b"<html>a login page</html>", InvalidData),
        (200, b"[]", InvalidData),
        (200, b"[" * 100_000, InvalidData),
        (200, b"", InvalidData),
    ],
)
def test_every_bad_answer_has_its_error(tmp_path: Path, status: int, body: bytes, kind: type[PratiqueError]) -> None:
    with answering(status, body, {"Retry-After": "7"}) as server:
        api = Api.connect(kubeconfig(tmp_path, server))
        with pytest.raises(kind) as caught:
            api.get("api/v1/pods")
        api.close()
    assert len(str(caught.value)) < 700
    assert "secret-token" not in str(caught.value)
    if status == 429:
        assert isinstance(caught.value, Unavailable)
        assert caught.value.retry_after == 7


def test_odd_lists_are_read_as_far_as_they_make_sense(tmp_path: Path) -> None:
    body = b'{"items":[7,null,{"metadata":{"name":"a"}}],"metadata":[]}'
    with answering(200, body) as server:
        api = Api.connect(kubeconfig(tmp_path, server))
        assert [it["metadata"]["name"] for it in api.list("api/v1/pods")] == ["a"]
        api.close()


def test_a_server_that_can_not_watch_costs_the_wait_and_no_more(tmp_path: Path) -> None:
    gone = b'{"type":"ERROR","object":{"code":410}}\n'
    for status, body in ((410, b""), (200, gone), (200, b"")):
        with answering(status, body) as server:
            api = Api.connect(kubeconfig(tmp_path, server))
            began = time.monotonic()
            api.wait("api/v1/pods", "web", "1", 0.2)
            assert 0.15 <= time.monotonic() - began < 2
            api.close()
    with answering(200, b'{"type":"MODIFIED","object":{}}\n') as server:
        api = Api.connect(kubeconfig(tmp_path, server))
        began = time.monotonic()
        api.wait("api/v1/pods", "web", "1", 5)
        assert time.monotonic() - began < 2
        api.close()
