"""Harbor's webhooks in their default format: `PUSH_ARTIFACT` with the artifact's resources.

Source: Harbor documentation, "Configure Webhook Notifications". Harbor tells no media type, so what is no image is seen
only when it is looked at; and no event id, so the digest and the time stand for it.
"""

from collections.abc import Collection

import msgspec

from pratique.registry.notifications.notice import Notice, bounded, not_one, notice


class _Resource(msgspec.Struct):
    digest: str = ""
    tag: str = ""
    resource_url: str = ""


class _Repository(msgspec.Struct):
    repo_full_name: str = ""


class _Data(msgspec.Struct):
    resources: list[_Resource] = []
    repository: _Repository = msgspec.field(default_factory=_Repository)


class _Hook(msgspec.Struct):
    type: str
    event_data: _Data
    occur_at: int = 0


def read(body: bytes, registries: Collection[str]) -> tuple[Notice, ...]:
    """The pushes of tagged images. Raises InvalidData."""
    try:
        hook = msgspec.json.decode(body, type=_Hook)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_one("a webhook of Harbor", error) from None
    bounded(len(hook.event_data.resources))
    if hook.type != "PUSH_ARTIFACT":
        return ()
    found = (_pushed(hook, resource, registries) for resource in hook.event_data.resources)
    return tuple(each for each in found if each)


def _pushed(hook: _Hook, resource: _Resource, registries: Collection[str]) -> Notice | None:
    return notice(
        event=f"{hook.occur_at}-{resource.digest}",
        host=resource.resource_url.partition("/")[0],
        repository=hook.event_data.repository.repo_full_name,
        tag=resource.tag,
        digest=resource.digest,
        media_type="",
        registries=registries,
    )
