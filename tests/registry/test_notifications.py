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
from pratique.registry.notifications import EVENTS_LIMIT, read

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


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_anything_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(InvalidData):
        assert isinstance(read(body, {HOST}), tuple)
