"""Whose line of an image's history is whose (OCI image-spec, config.md: `history`, base first).

There must be as many lines that made a layer as there are layers, or none at all; where an image breaks that, its lines
are replaced by one plain line per layer rather than left to mislead.
"""

from typing import Any

Line = dict[str, Any]


def own_lines(image: list[Line], old_base: list[Line], base_layers: int, layers: int) -> list[Line]:
    """The lines that the image added to its base. `base_layers` and `layers` count layers: the base's, and all."""
    if not _consistent(image, layers):
        return _plain_lines(layers - base_layers, "layer of the application")
    if _words(image[: len(old_base)]) == _words(old_base) and _consistent(old_base, base_layers):
        return image[len(old_base) :]
    # the builder rewrote the base's lines: what comes after the base's last layer is the application's
    return image[_after_layer(image, base_layers) :]


def base_lines(base: list[Line], layers: int) -> list[Line]:
    """The lines of a base, made up where it has none or too few."""
    return base if _consistent(base, layers) else _plain_lines(layers, "layer of the base")


def _consistent(lines: list[Line], layers: int) -> bool:
    return sum(not line.get("empty_layer") for line in lines) == layers


def _words(lines: list[Line]) -> list[tuple[str, bool]]:
    return [(str(line.get("created_by", "")), bool(line.get("empty_layer"))) for line in lines]


def _after_layer(lines: list[Line], count: int) -> int:
    seen = 0
    for position, line in enumerate(lines):
        if seen == count:
            return position
        seen += not line.get("empty_layer")
    return len(lines)


def _plain_lines(count: int, comment: str) -> list[Line]:
    return [{"comment": comment} for _ in range(count)]
