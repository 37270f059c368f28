"""Pin tags to digests: what was checked is what runs. Pure; doing it twice changes nothing."""

from collections.abc import Iterable, Mapping

from pratique.admit.podspecs import ImageUse
from pratique.model.digest import Digest


def pinned(image: str, digest: Digest) -> str:
    """The image string with its digest; one that has a digest stays as it is. The tag is kept as a label for people."""
    return image if "@" in image else f"{image}@{digest}"


def patch(uses: Iterable[ImageUse], pins: Mapping[str, str]) -> list[dict[str, str]] | None:
    """The JSON patch (RFC 6902) that puts each pin in the place of its image; None when there is nothing to change."""
    operations = [
        {"op": "replace", "path": use.pointer, "value": pins[use.image]}
        for use in uses
        if pins.get(use.image, use.image) != use.image
    ]
    return operations or None
