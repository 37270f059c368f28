"""What a registry tells of pushes is a hint: read strictly, and only from registries that we watch."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.descriptor import OCI_INDEX, OCI_MANIFEST
from pratique.model.digest import digest_of
from pratique.model.errors import InvalidData
from pratique.registry.notifications import READERS, eventgrid
from pratique.registry.notifications.distribution import read
from pratique.registry.notifications.notice import EVENTS_LIMIT

HOST = "127.0.0.1:5000"
DIGEST = digest_of(b"image")


def event(**changes: Any) -> dict[str, Any]:
    target = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "repository": "shop/web", "tag": "1", "size": 5, "url": "x"}
    target.update(changes.pop("target", {}))
    return {"id": "e1", "action": "push", "target": target, "request": {"host": HOST, "method": "PUT"}, **changes}


def envelope(*events: dict[str, Any]) -> bytes:
    return json.dumps({"events": events}).encode()


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, OCI_INDEX])
def test_a_pushed_tag_is_told(media_type: str) -> None:
    (notice,) = read(envelope(event(target={"mediaType": media_type})), {HOST})
    assert (notice.id, str(notice.reference), notice.digest) == ("e1", f"{HOST}/shop/web:1", DIGEST)


@pytest.mark.parametrize(
    "passed_over",
    [
        event(action="pull"),
        event(action="delete"),
        event(request={"host": "elsewhere:5000"}),
        event(request={}),
        event(target={"tag": ""}),
        event(target={"tag": "../../etc"}),
        event(target={"tag": f"{DIGEST.replace(':', '-')}.sig"}),
        event(target={"tag": DIGEST.replace(":", "-")}),
        event(target={"digest": "sha256:short"}),
        event(target={"mediaType": "application/octet-stream"}),
        event(target={"repository": "UPPER CASE"}),
    ],
)
def test_what_is_no_push_of_an_image_in_a_watched_registry_is_passed_over(passed_over: dict[str, Any]) -> None:
    assert len(read(envelope(passed_over, event()), {HOST})) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"events": 3}', b"\xff\xfe", b'{"events": [{"target": []}]}'])
def test_what_is_not_an_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidData, match="not a registry's notification"):
        read(body, {HOST})


def test_an_endless_envelope_is_refused() -> None:
    with pytest.raises(InvalidData, match="events"):
        read(envelope(*[event()] * (EVENTS_LIMIT + 1)), {HOST})


def cloud(data: dict[str, Any]) -> dict[str, Any]:
    source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r"
    kind = "Microsoft.ContainerRegistry.ImagePushed"
    return {"specversion": "1.0", "id": "c1", "source": source, "subject": "web:1", "type": kind, "data": data}


def grid(data: dict[str, Any], kind: str = "Microsoft.ContainerRegistry.ImagePushed") -> dict[str, Any]:
    return {"topic": "t", "subject": "web:1", "eventType": kind, "id": "g1", "data": data, "dataVersion": "2.0"}


def harbor(**changes: Any) -> dict[str, Any]:
    resource = {"digest": DIGEST, "tag": "1", "resource_url": f"{HOST}/shop/web:1"}
    data = {"resources": [resource], "repository": {"name": "web", "namespace": "shop", "repo_full_name": "shop/web"}}
    return {"type": "PUSH_ARTIFACT", "occur_at": 1700000000, "operator": "ci", "event_data": data, **changes}


@pytest.mark.parametrize(
    ("sender", "body", "event_id"),
    [
        ("distribution", {"events": [event()]}, "e1"),
        ("acr", event(timestamp="2026-11-23T12:00:00.123456789Z"), "e1"),
        ("eventgrid", [grid(event())], "g1"),
        ("eventgrid", cloud(event()), "c1"),
        ("eventgrid", [cloud(event()), grid(event(), "Microsoft.ContainerRegistry.ImageDeleted")], "c1"),
        ("harbor", harbor(), f"1700000000-{DIGEST}"),
    ],
)
def test_every_sender_tells_the_same_push(sender: str, body: Any, event_id: str) -> None:
    (notice,) = READERS[sender](json.dumps(body).encode(), {HOST})
    assert (notice.id, str(notice.reference), notice.digest) == (event_id, f"{HOST}/shop/web:1", DIGEST)


@pytest.mark.parametrize(
    ("sender", "body"),
    [
        ("acr", {"action": "ping"}),
        ("acr", event(action="delete")),
        ("acr", event(action="quarantine")),
        ("acr", {"id": "x", "action": "chart_push", "target": {"mediaType": "application/vnd.acr.helm.chart"}}),
        ("acr", event(target={"tag": ""})),
        ("acr", event(request={"host": "other.azurecr.io"})),
        ("eventgrid", [grid(event(), "Microsoft.ContainerRegistry.ChartPushed")]),
        ("eventgrid", [grid({"validationCode": "c"}, "Microsoft.EventGrid.SubscriptionValidationEvent")]),
        ("harbor", harbor(type="PULL_ARTIFACT")),
        ("harbor", harbor(event_data={"resources": []})),
        ("harbor", harbor(event_data={"resources": [{"digest": DIGEST, "resource_url": f"{HOST}/shop/web@x"}]})),
    ],
)
def test_every_sender_tells_more_than_pushes(sender: str, body: Any) -> None:
    assert READERS[sender](json.dumps(body).encode(), {HOST}) == ()


def test_event_grid_s_handshake_has_a_code() -> None:
    kind = "Microsoft.EventGrid.SubscriptionValidationEvent"
    assert eventgrid.validation_code(json.dumps([grid({"validationCode": "c0de"}, kind)]).encode()) == "c0de"
    assert eventgrid.validation_code(json.dumps([grid(event())]).encode()) == ""


@pytest.mark.parametrize("sender", READERS)
@given(
    body=st.binary()
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(["events", "type", "eventType", "data", "action", "target"]), st.text() | st.none()
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_is_read_or_refused(sender: str, body: bytes) -> None:
    with contextlib.suppress(InvalidData):
        assert isinstance(READERS[sender](body, {HOST}), tuple)
