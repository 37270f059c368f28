"""Azure Event Grid's deliveries of ACR events, in its own schema or as CloudEvents 1.0, and its two handshakes.

Source: Azure Container Registry as an Event Grid source; Event Grid webhook validation; CloudEvents 1.0 HTTP webhook.
"""

from collections.abc import Collection

import msgspec

from pratique.model.errors import InvalidData
from pratique.registry.notifications.events import Event, pushed
from pratique.registry.notifications.notice import Notice, bounded, not_one

_PUSHED = "Microsoft.ContainerRegistry.ImagePushed"
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


class _Delivered(msgspec.Struct, rename="camel"):
    id: str = ""
    event_type: str = ""  # Event Grid's own schema
    type: str = ""  # CloudEvents
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Validation(msgspec.Struct, rename="camel"):
    validation_code: str


def read(body: bytes, registries: Collection[str]) -> tuple[Notice, ...]:
    """The pushes of tagged images among the events. Raises InvalidData."""
    try:
        found = [_event(each) for each in _delivered(body) if _PUSHED in (each.event_type, each.type)]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_one("a delivery of Event Grid", error) from None
    return tuple(notice for event in found if (notice := pushed(event, registries)))


def validation_code(body: bytes) -> str:
    """The code that Event Grid wants back before it delivers anything; empty for every other delivery.

    To be answered 200 with `{"validationResponse": code}`. Raises InvalidData.
    """
    try:
        for each in _delivered(body):
            if each.event_type == _VALIDATION:
                return msgspec.json.decode(each.data, type=_Validation).validation_code
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_one("a delivery of Event Grid", error) from None
    return ""


def _delivered(body: bytes) -> list[_Delivered]:
    one_or_more = msgspec.json.decode(body, type=list[_Delivered] | _Delivered)
    delivered = one_or_more if isinstance(one_or_more, list) else [one_or_more]
    bounded(len(delivered))
    if not all(each.event_type or each.type for each in delivered):
        raise InvalidData("not a delivery of Event Grid: an event without a type", "use /hooks/acr for webhooks")
    return delivered


def _event(delivered: _Delivered) -> Event:
    event = msgspec.json.decode(delivered.data, type=Event)
    return msgspec.structs.replace(event, id=delivered.id or event.id)
