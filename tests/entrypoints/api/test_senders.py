"""Every sender's hook, over HTTP: what is accepted, what is refused, and Event Grid's handshakes."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from pratique.entrypoints.api.application import application
from pratique.loop.requests import Push
from tests.registry.test_notifications import HOST, cloud, event, grid, harbor
from tests.support.machine import free_port

TOKEN = "the hook's token"


class Site:
    """The application, served, and the journeys that it began."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.begun: dict[str, Push] = {}

    def start(self, key: str, push: Push) -> None:
        self.begun.setdefault(key, push)

    def send(
        self, sender: str, body: Any, *, token: str = TOKEN, method: str = "POST", **headers: str
    ) -> tuple[int, Any]:
        """The status, and the body where it is JSON, else the headers."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/hooks/{sender}", data, method=method)
        for name, value in {"Authorization": f"Bearer {token}", **headers}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                said = answer.read()
                return answer.status, json.loads(said) if said else answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@pytest.fixture
def site() -> Iterator[Site]:
    port = free_port()
    served = Site(port)
    app = application(served.start, lambda: (), registries=[HOST], token=TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield served
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize(
    ("sender", "body"),
    [("distribution", {"events": [event()]}), ("acr", event()), ("eventgrid", [grid(event())]), ("harbor", harbor())],
)
def test_a_push_that_a_registry_tells_of_begins_one_journey(site: Site, sender: str, body: Any) -> None:
    assert site.send(sender, body) == (202, {"accepted": 1})
    assert site.send(sender, body) == (202, {"accepted": 1})
    assert [str(push.reference) for push in site.begun.values()] == [f"{HOST}/shop/web:1"]


@pytest.mark.parametrize("sender", ["distribution", "acr", "eventgrid", "harbor"])
def test_a_hook_without_its_token_is_refused(site: Site, sender: str) -> None:
    assert site.send(sender, event(), token="a guess")[0] == 401
    assert site.begun == {}


@pytest.mark.parametrize("sender", ["distribution", "acr", "eventgrid", "harbor"])
def test_what_is_not_the_sender_s_is_refused_with_the_reason(site: Site, sender: str) -> None:
    status, said = site.send(sender, b"not json")
    assert status == 400
    assert b"point the registry's notifications" in said


def test_event_grid_gets_its_validation_code_back(site: Site) -> None:
    body = [grid({"validationCode": "c0de"}, "Microsoft.EventGrid.SubscriptionValidationEvent")]
    assert site.send("eventgrid", body) == (200, {"validationResponse": "c0de"})
    assert site.begun == {}


def test_cloud_events_are_allowed_to_come(site: Site) -> None:
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    status, headers = site.send("eventgrid", b"", method="OPTIONS", **asked)
    assert (status, headers["WebHook-Allowed-Origin"]) == (200, "eventgrid.azure.net")
    assert site.send("eventgrid", b"", method="OPTIONS")[0] == 400
    assert site.send("eventgrid", cloud(event()))[0] == 202


def test_an_unknown_sender_has_no_hook(site: Site) -> None:
    assert site.send("quay", event())[0] == 404
