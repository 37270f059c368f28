"""Docker distribution's notifications: an envelope of events.

Source: distribution documentation, "Work with notifications" (`application/vnd.docker.distribution.events.v2+json`).
"""

from collections.abc import Collection

import msgspec

from pratique.registry.notifications.events import Event, pushed
from pratique.registry.notifications.notice import Notice, bounded, not_one


class _Envelope(msgspec.Struct):
    events: list[Event]


def read(body: bytes, registries: Collection[str]) -> tuple[Notice, ...]:
    """The pushes of tagged images in an envelope. Raises InvalidData for what is not one."""
    try:
        events = msgspec.json.decode(body, type=_Envelope).events
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_one("a registry's notification", error) from None
    bounded(len(events))
    return tuple(notice for event in events if (notice := pushed(event, registries)))
