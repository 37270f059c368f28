"""What a tag names: asked of the registry, remembered in the store, and moved. One at a time for each tag.

A registry's notifications come late, twice, or in another order than the pushes; what the registry itself says a tag
names is the truth, and the store follows it.
"""

import msgspec

from pratique.loop import assess
from pratique.loop.parts import Parts
from pratique.loop.requests import Heal, Push
from pratique.model.digest import Digest
from pratique.model.errors import NotFound
from pratique.model.reference import Reference
from pratique.registry.repository import Repository


class Published(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the tag names our work now; `found` is what somebody else let it name (`""`: nothing)."""

    done: bool
    found: Digest | None = None


class Recorded(msgspec.Struct, frozen=True):
    """What the store holds a tag to name now (None: nothing yet), and whether that is what was pushed."""

    digest: Digest | None
    newest: bool


def record(parts: Parts, push: Push, digest: Digest) -> Recorded:
    """Remember what a tag names, if it still does; `digest` is the image for our platform in what was pushed."""
    images = parts.store.images
    with parts.turns.take(f"tag/{push.reference}"):
        newest = _named(parts.registry.repository(push.reference), push.reference) == push.digest
        if newest:
            images.tag(push.reference, digest, parts.stamp())
        else:
            images.named(push.reference, digest, parts.stamp())  # it may be somebody's base all the same
        return Recorded(images.tagged(push.reference), newest)


def publish(parts: Parts, heal: Heal, new: Digest) -> Published:
    """Let the image's tag name `new`, unless somebody else moved the tag, or its base, since the heal took aim.

    A registry cannot compare and set: a push within the round trip between our question and our push is lost.
    """
    image, made = heal.image, assess.known_image(parts, new)
    repository = parts.registry.repository(image)
    with parts.turns.take(f"tag/{image}"):
        found = _named(repository, image)
        if found not in {heal.digest, new}:
            return Published(done=False, found=found)
        # The store first: the registry's notification of our own push must find nothing new.
        if not parts.store.images.move(image, heal.digest, new, parts.stamp(), on=(heal.base, heal.new_base)):
            return Published(done=False)
        repository.put_manifest(made.raw_manifest, made.media_type, image.tag)
    parts.announce(image, new)
    return Published(done=True)


def _named(repository: Repository, reference: Reference) -> Digest:
    """What the tag names in the registry; `""` for nothing."""
    try:
        return repository.resolve(reference.tag or "latest").digest
    except NotFound:
        return Digest("")
