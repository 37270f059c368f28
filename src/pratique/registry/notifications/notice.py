"""A push that a registry told of, and what every sender's notices have in common."""

from collections.abc import Collection

import msgspec

from pratique.model.descriptor import INDEXES, MANIFESTS
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference, is_tag

EVENTS_LIMIT = 1000  # in one body; a registry sends one, Event Grid some dozens


class Notice(msgspec.Struct, frozen=True):
    """A tag was pushed: the event's own id (the same when it is told again), the reference, and the digest."""

    id: str
    reference: Reference
    digest: Digest


def notice(
    *, event: str, host: str, repository: str, tag: str, digest: str, media_type: str, registries: Collection[str]
) -> Notice | None:
    """A notice, or None for what is no tagged image of a registry that we watch.

    An empty `media_type` is one that the sender does not tell. Signatures and fallback tags (`sha256-<hex>`, `.sig`,
    `.att`; cosign, distribution-spec "Referrers Tag Schema") are no images.
    """
    wanted = not media_type or media_type in MANIFESTS | INDEXES
    if not wanted or host not in registries or not is_digest(digest) or not is_tag(tag):
        return None
    if tag.startswith(("sha256-", "sha512-")):
        return None
    try:
        reference = Reference.parse(f"{host}/{repository}:{tag}")
    except UsageError:
        return None
    return Notice(event[:100] or digest, reference, Digest(digest))


def bounded(events: int) -> None:
    """Raise InvalidData for a body with more events than anybody sends."""
    if events > EVENTS_LIMIT:
        raise InvalidData(f"a notification with {events} events", f"send at most {EVENTS_LIMIT} at once")


def not_one(sender: str, error: Exception) -> InvalidData:
    """The error for a body that is not the sender's."""
    return InvalidData(f"not {sender}: {error}", "point the registry's notifications at the hook that is named as it")
