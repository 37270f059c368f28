"""What a registry tells of pushes: Docker distribution's notification envelope, read. Hints, not truth: no I/O here.

Source: distribution documentation, "Work with notifications" (`application/vnd.docker.distribution.events.v2+json`).
"""

from collections.abc import Collection

import msgspec

from pratique.model.descriptor import INDEXES, MANIFESTS
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference, is_tag

EVENTS_LIMIT = 1000  # in one envelope; distribution sends one, other registries a handful


class _Target(msgspec.Struct, rename="camel"):
    media_type: str = ""
    digest: str = ""
    repository: str = ""
    tag: str = ""


class _Request(msgspec.Struct):
    host: str = ""


class _Event(msgspec.Struct):
    id: str = ""
    action: str = ""
    target: _Target = msgspec.field(default_factory=_Target)
    request: _Request = msgspec.field(default_factory=_Request)


class _Envelope(msgspec.Struct):
    events: list[_Event]


class Notice(msgspec.Struct, frozen=True):
    """A tag was pushed: the event's own id (the same when it is told again), the reference, and the digest."""

    id: str
    reference: Reference
    digest: Digest


def read(body: bytes, registries: Collection[str]) -> tuple[Notice, ...]:
    """The pushes of tagged images in an envelope, of these registries (`host[:port]`) only.

    Everything else that a registry tells (pulls, blobs, deletions, mounts, signatures' tags) is passed over. Raises
    InvalidData for what is not an envelope.
    """
    try:
        events = msgspec.json.decode(body, type=_Envelope).events
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidData(
            f"not a registry's notification: {error}", "point the registry's notifications here"
        ) from None
    if len(events) > EVENTS_LIMIT:
        raise InvalidData(f"a notification with {len(events)} events", f"send at most {EVENTS_LIMIT} at once")
    return tuple(notice for event in events if (notice := _notice(event, registries)))


def _notice(event: _Event, registries: Collection[str]) -> Notice | None:
    target = event.target
    wanted = event.action == "push" and target.media_type in MANIFESTS | INDEXES and is_digest(target.digest)
    if not wanted or not is_tag(target.tag) or _is_ours(target.tag) or event.request.host not in registries:
        return None
    try:
        reference = Reference.parse(f"{event.request.host}/{target.repository}:{target.tag}")
    except UsageError:
        return None
    return Notice(event.id[:100] or target.digest, reference, Digest(target.digest))


def _is_ours(tag: str) -> bool:
    # sha256-<hex>, with .sig and .att: signatures and fallback tags (cosign; distribution-spec, "Referrers Tag Schema")
    return tag.startswith(("sha256-", "sha512-"))
