"""The hook for Docker distribution's notifications: what begins a journey, and what does not."""

import json
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from pratique.entrypoints.api.application import BODY_LIMIT, application
from pratique.loop.make import CANDIDATE
from pratique.loop.requests import Push
from pratique.model.errors import Unavailable
from tests.entrypoints.api.running import TOKEN, post
from tests.support.machine import free_port

HOST = "registry.example:5000"
DIGEST = "sha256:" + "ab" * 32
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Site:
    """The application, served; `begun` are the journeys by their keys."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hooks/distribution"
        self.begun: dict[str, Push] = {}
        self.broken = False

    def start(self, key: str, push: Push) -> None:
        if self.broken:
            raise Unavailable("the disk is full")
        self.begun.setdefault(key, push)  # as the engine does: one journey to a key


@pytest.fixture
def site() -> Iterator[Site]:
    port = free_port()
    made = Site(port)
    app = application(made.start, tuple, registries=[HOST], token=TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield made
    server.should_exit = True
    thread.join(10)


def body(*, identifier: str = "e1", host: str = HOST, tag: str = "1", action: str = "push") -> bytes:
    target = {"mediaType": MANIFEST, "digest": DIGEST, "repository": "shop/web", "tag": tag}
    return json.dumps(
        {"events": [{"id": identifier, "action": action, "target": target, "request": {"host": host}}]}
    ).encode()


def test_a_push_begins_a_journey_and_told_twice_it_is_one(site: Site) -> None:
    assert [post(site.url, body()) for _ in range(2)] == [202, 202]
    (push,) = site.begun.values()
    assert (str(push.reference), push.digest) == (f"{HOST}/shop/web:1", DIGEST)
    assert post(site.url, body(identifier="e2")) == 202  # the same tag pushed again is another event
    assert len(site.begun) == 2


@pytest.mark.parametrize("token", ["wrong", TOKEN + "x", TOKEN[:-1], "", None])
def test_a_wrong_token_is_refused(site: Site, token: str | None) -> None:
    assert post(site.url, body(), token) == 401
    assert not site.begun


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\xfe", b"[]", b"{}", b'{"events": 1}', b'{"events": [1]}', b"[" * 100_000]
)
def test_garbage_is_refused(site: Site, garbage: bytes) -> None:
    assert post(site.url, garbage) == 400
    assert not site.begun


def test_a_body_without_end_is_refused(site: Site) -> None:
    assert post(site.url, b" " * (BODY_LIMIT + 1)) == 400


@pytest.mark.parametrize(
    "ignored",
    [
        body(host="elsewhere.example"),
        body(host="registry.example"),
        body(tag="sha256-" + "ab" * 32 + ".sig"),
        body(tag="sha256-" + "ab" * 32 + ".att"),
        body(tag="sha256-" + "ab" * 32),
        body(tag=CANDIDATE + "abc-def"),
        body(tag=""),
        body(tag="not a tag!"),
        body(action="pull"),
        body(action="delete"),
    ],
)
def test_what_is_not_a_push_of_an_image_by_tag_in_our_registries_begins_nothing(site: Site, ignored: bytes) -> None:
    assert post(site.url, ignored) == 202
    assert not site.begun


def test_what_could_not_be_accepted_is_to_be_told_again(site: Site) -> None:
    site.broken = True
    assert post(site.url, body()) == 503
    site.broken = False
    assert post(site.url, body()) == 202
    assert len(site.begun) == 1
