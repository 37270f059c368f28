"""The webhook, for real: HTTPS on loopback with a certificate of its own, asked as an API server asks."""

import asyncio
import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pratique.admit import certificates, review, server
from pratique.admit.decide import Facts
from pratique.admit.policy import AdmissionPolicy, Mode
from pratique.admit.review import AdmissionRequest
from pratique.admit.server import Decider, application, serve_until
from pratique.model.decision import Decision
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference
from pratique.model.verdict import Outcome
from tests.admit import bodies
from tests.support.machine import free_port

DIGEST = Digest("sha256:" + "ab" * 32)
GOOD = Facts(Reference.parse("good:1"), DIGEST, ("k",), Outcome.ALLOW, (), "k", "2026-01-01T00:00:00Z")


class Known:
    """A finder that knows `good:1`; `slow:1` never comes."""

    def start(self, image: str) -> "Future[Facts]":
        future: Future[Facts] = Future()
        if image != "slow:1":
            future.set_result(GOOD if image == "good:1" else Facts(error="no such image"))
        return future


@contextmanager
def serving(decider: Decider, folder: Path, ready: Callable[[], bool] = lambda: True) -> Iterator["Client"]:
    issued = certificates.issue(["127.0.0.1", "pratique.pratique.svc"], datetime.now(UTC))
    certificates.write(folder, issued)
    port, stop, loop = free_port(), asyncio.Event(), asyncio.new_event_loop()
    work = serve_until(stop, application(decider, ready), "127.0.0.1", port, folder / "tls.crt", folder / "tls.key")
    thread = threading.Thread(target=lambda: (loop.run_until_complete(work), loop.close()))
    thread.start()
    try:
        yield Client(port, folder)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()


class Client:
    def __init__(self, port: int, folder: Path) -> None:
        self.base = f"https://127.0.0.1:{port}"
        self._folder = folder
        deadline = time.monotonic() + 20
        while True:
            try:
                self.get("/healthz")
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def get(self, path: str) -> tuple[int, bytes]:
        return self.send(urllib.request.Request(self.base + path))

    def post(self, path: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
        return self.send(urllib.request.Request(self.base + path, body, {"Content-Type": kind}))

    def ask(self, path: str, body: bytes) -> dict[str, object]:
        status, answer = self.post(path, body)
        assert status == 200
        document = json.loads(answer)
        assert document["response"]["uid"] == "705ab4f5-6393-11e8-b7cc-42010a800002"
        response: dict[str, object] = document["response"]
        return response

    def send(self, request: urllib.request.Request) -> tuple[int, bytes]:
        trust = ssl.create_default_context(cafile=self._folder / "ca.crt")
        try:
            with urllib.request.urlopen(request, timeout=10, context=trust) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture(scope="module")
def seen() -> list[tuple[AdmissionRequest, Decision]]:
    return []


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, seen: list[tuple[AdmissionRequest, Decision]]) -> Iterator[Client]:
    decider = Decider(AdmissionPolicy(), Known(), budget=0.3, observe=lambda *decided: seen.append(decided))
    with serving(decider, tmp_path_factory.mktemp("tls"), ready=lambda: False) as client:
        yield client


def test_a_good_pod_is_admitted_and_a_bad_one_is_told_why(client: Client) -> None:
    assert client.ask("/validate?timeout=10s", bodies.review(bodies.pod("good:1")))["allowed"] is True
    response = client.ask("/validate?timeout=10s", bodies.review(bodies.pod("good:1", "bad:1")))
    assert response["allowed"] is False
    assert "image bad:1: it could not be checked: no such image" in str(response["status"])


def test_the_mutating_webhook_pins_and_leaves_saying_no_to_the_validating_one(client: Client) -> None:
    response = client.ask("/mutate", bodies.review(bodies.deployment("good:1"), bodies.DEPLOYMENT))
    assert json.loads(base64.b64decode(str(response["patch"]))) == [
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"good:1@{DIGEST}"}
    ]
    assert client.ask("/mutate", bodies.review(bodies.pod("bad:1"))).keys() == {"uid", "allowed"}
    assert "patch" not in client.ask("/validate", bodies.review(bodies.pod("good:1")))


def test_what_takes_too_long_is_answered_in_time_as_unknown(client: Client) -> None:
    begun = time.monotonic()
    response = client.ask("/validate?timeout=10s", bodies.review(bodies.pod("slow:1")))
    assert time.monotonic() - begun < 3
    assert response["allowed"] is False
    assert "did not answer within 0.3 s" in str(response["status"])


def test_decisions_are_told_to_the_journal_but_not_those_of_a_dry_run(
    client: Client, seen: list[tuple[AdmissionRequest, Decision]]
) -> None:
    seen.clear()
    client.ask("/validate", bodies.review(bodies.pod("good:1")))
    client.ask("/validate", bodies.review(bodies.pod("good:1"), dryRun=True))
    assert [decision.allowed for _, decision in seen] == [True]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_failure_inside_is_answered_as_the_policys_mode_says(mode: Mode) -> None:
    class Broken(Known):
        def start(self, image: str) -> "Future[Facts]":
            raise RuntimeError("a bug")

    status, body = answer(
        application(Decider(AdmissionPolicy(mode=mode), Broken())), [bodies.review(bodies.pod("a:1"))]
    )
    assert status == 200
    assert json.loads(body)["response"]["allowed"] is (mode is not Mode.ENFORCE)
    assert b"a bug" not in body


def test_a_journal_that_fails_changes_no_decision() -> None:
    def fail(request: AdmissionRequest, decision: Decision) -> None:
        raise OSError("disk full")

    status, body = answer(
        application(Decider(AdmissionPolicy(), Known(), observe=fail)), [bodies.review(bodies.pod("good:1"))]
    )
    assert (status, json.loads(body)["response"]["allowed"]) == (200, True)


def test_what_is_not_a_review_gets_a_client_error(client: Client) -> None:
    assert client.post("/validate", b"{}")[0] == 400
    assert client.post("/validate", b"not json")[0] == 400
    assert client.post("/validate", b"{}", "text/plain")[0] == 415
    assert client.post("/elsewhere", b"{}")[0] == 404
    assert client.get("/validate")[0] == 405


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    status, _ = answer(application(Decider(AdmissionPolicy(), Known())), length=str(review.MAX_BODY + 1))
    assert status == 413


def test_a_body_that_lies_about_its_length_is_refused_too() -> None:
    app = application(Decider(AdmissionPolicy(), Known()))
    assert answer(app, chunks=[bytes(1024 * 1024) + bytes([number]) for number in range(9)])[0] == 413
    assert answer(app, length="9" * 5000)[0] == 413
    assert answer(app, chunks=None)[0] == 400


def test_health_and_readiness(client: Client) -> None:
    assert client.get("/healthz") == (200, b"ok")
    assert client.get("/readyz")[0] == 503


def test_a_new_certificate_is_taken_up_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_RELOAD_SECONDS", 0.05)
    with serving(Decider(AdmissionPolicy(), Known()), tmp_path) as client:
        certificates.write(tmp_path, certificates.issue(["127.0.0.1"], datetime.now(UTC)))
        deadline = time.monotonic() + 10
        while True:
            try:
                assert client.get("/healthz")[0] == 200
            except urllib.error.URLError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                break


@pytest.mark.parametrize(
    ("query", "seconds"),
    [(b"timeout=10s", 8.0), (b"timeout=1s", 0.8), (b"", None), (b"timeout=0s", None), (b"timeout=-1s", None),
     (b"timeout=" + b"9" * 5000, None), (b"timeout=\xb2s", None)],
)  # fmt: skip
def test_the_api_servers_own_timeout_is_kept(query: bytes, seconds: float | None) -> None:
    assert server._budget({"query_string": query}) == seconds


def test_certificates_are_private_and_whole(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    issued = certificates.issue(["a.b.svc", "10.0.0.1"], now, days=30)
    certificates.write(tmp_path / "new", issued)
    files = {path.name: path for path in (tmp_path / "new").iterdir()}
    assert set(files) == {"ca.crt", "tls.crt", "tls.key"}
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files.values())
    assert certificates.expires(files["tls.crt"].read_bytes()) == now + timedelta(days=30)


@pytest.mark.parametrize("names", [[], [""], ["a b"], ["a..b"], ["ä.svc"], ["x" * 64], ["a." * 200]])
def test_a_certificate_needs_proper_names(names: list[str]) -> None:
    with pytest.raises(UsageError):
        certificates.issue(names, datetime.now(UTC))


def test_what_is_not_a_certificate_has_no_end() -> None:
    with pytest.raises(InvalidData):
        certificates.expires(b"no")


def answer(app: server.Application, chunks: list[bytes] | None = None, length: str = "") -> tuple[int, bytes]:
    """One request to the application itself; no chunks at all means that the client went away."""
    headers = [(b"content-type", b"application/json"), *([(b"content-length", length.encode())] if length else [])]
    scope = {"type": "http", "path": "/validate", "method": "POST", "headers": headers, "query_string": b""}
    messages: list[server.Message] = [
        {"type": "http.request", "body": chunk, "more_body": chunk is not (chunks or [])[-1]} for chunk in chunks or ()
    ]
    sent: list[server.Message] = []

    async def receive() -> server.Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: server.Message) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], sent[1]["body"]
