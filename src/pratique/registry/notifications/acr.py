"""Azure Container Registry's webhooks: one event a request, unsigned, so a custom `Authorization` header must guard it.

Source: Azure Container Registry webhook reference (actions `push`, `delete`, `quarantine`, `chart_push`, `ping` ...).
"""

from collections.abc import Collection

import msgspec

from pratique.registry.notifications.events import Event, pushed
from pratique.registry.notifications.notice import Notice, not_one


def read(body: bytes, registries: Collection[str]) -> tuple[Notice, ...]:
    """The push, if it is one of a tagged image; a ping and all other actions are none. Raises InvalidData."""
    try:
        event = msgspec.json.decode(body, type=Event)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_one("a webhook of Azure Container Registry", error) from None
    notice = pushed(event, registries)
    return (notice,) if notice else ()
