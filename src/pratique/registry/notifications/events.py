"""The event that Docker distribution, ACR's webhooks and Event Grid share: action, target, request."""

from collections.abc import Collection

import msgspec

from pratique.registry.notifications.notice import Notice, notice


class Target(msgspec.Struct, rename="camel"):
    """What it happened to."""

    media_type: str = ""
    digest: str = ""
    repository: str = ""
    tag: str = ""


class Request(msgspec.Struct):
    """By which request; `host` is the registry as its client named it."""

    host: str = ""


class Event(msgspec.Struct):
    """One event. ACR's test event (`ping`) and charts have no request or an empty target."""

    id: str = ""
    action: str = ""
    target: Target = msgspec.field(default_factory=Target)
    request: Request = msgspec.field(default_factory=Request)


def pushed(event: Event, registries: Collection[str]) -> Notice | None:
    """The notice of a push, or None."""
    if event.action != "push":
        return None
    target = event.target
    return notice(
        event=event.id,
        host=event.request.host,
        repository=target.repository,
        tag=target.tag,
        digest=target.digest,
        media_type=target.media_type or "unknown",
        registries=registries,
    )
