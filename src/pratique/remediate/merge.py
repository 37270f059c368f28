"""How a configuration follows its base: what the image took over unchanged becomes the new base's, its own stays.

A three-way merge of the `config` object (OCI image-spec, config.md), on plain JSON so that unknown keys take part too:
maps and environment variables by key, anything else as a whole.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pratique.model.change import Change

Json = dict[str, Any]

_MAPS = frozenset({"Labels", "ExposedPorts", "Volumes"})
_ENV = "Env"


def merge_config(image: Json, old: Json, new: Json) -> Json:
    """The `config` object of `image` moved from base `old` to base `new`. The image's order of keys is kept."""
    names = list(dict.fromkeys((*image, *new)))
    own_entrypoint = _plain(image.get("Entrypoint")) != _plain(old.get("Entrypoint"))
    merged: Json = {}
    for name in names:
        values = image.get(name), old.get(name), new.get(name)
        if name == "Cmd" and own_entrypoint:
            value = image.get(name)  # an ENTRYPOINT drops the base's CMD, so even none is the image's own
        elif name == _ENV:
            value = _environment(*(parse_env(value) for value in values))
        elif name in _MAPS:
            value = _keys(*(_mapping(value) for value in values))
        else:
            value = _choose(*values)
        if _plain(value) is not None:
            merged[name] = value
        elif name in image and _plain(image[name]) is None:
            merged[name] = image[name]  # its own way of saying nothing
    return merged


def differences(before: Json, after: Json) -> Iterator[Change]:
    """What changed between two `config` objects, one change per variable, label or other key."""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if name == _ENV:
            yield from _by_key("environment variable", parse_env(old), parse_env(new))
        elif name in _MAPS:
            yield from _by_key(name, _mapping(old), _mapping(new))
        elif _plain(old) != _plain(new):
            yield Change(f"{name} comes from the base", _shown(old), _shown(new))


def parse_env(value: object) -> dict[str, str | None]:
    """`["A=b"]` by name, in order; a name without `=` has None, and of two of a name the last counts."""
    variables: dict[str, str | None] = {}
    for line in value if isinstance(value, list) else ():
        name, equals, text = str(line).partition("=")
        variables[name] = text if equals else None
    return variables


def _environment(
    image: dict[str, str | None], old: dict[str, str | None], new: dict[str, str | None]
) -> list[str] | None:
    path, old_path, new_path = image.get("PATH"), old.get("PATH"), new.get("PATH")
    merged = _keys(image, old, new)
    if path and old_path and new_path and path != old_path and f":{path}:".count(f":{old_path}:") == 1:
        # `ENV PATH=/app/bin:$PATH` was expanded when the image was built: expand it again
        merged["PATH"] = f":{path}:".replace(f":{old_path}:", f":{new_path}:").strip(":")
    return [name if text is None else f"{name}={text}" for name, text in merged.items()] or None


def _keys(image: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The new base's keys in its order, the image's own after them."""
    merged = {}
    for key in dict.fromkeys((*new, *image)):
        if key in image and (key not in old or image[key] != old[key]):
            merged[key] = image[key]
        elif key in new and (key in image or key not in old):
            merged[key] = new[key]
    return merged


def _choose(image: object, old: object, new: object) -> object:
    return new if _plain(image) == _plain(old) else image


def _plain(value: object) -> object:
    """Null, empty and absent say the same in a configuration."""
    return None if value in (None, "", [], {}) else value


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _by_key(word: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key) or (key in old) != (key in new):
            yield Change(f"{word} {key} comes from the base", _shown(old.get(key)), _shown(new.get(key)))


def _shown(value: object) -> str:
    if isinstance(value, list):
        value = " ".join(str(item) for item in value)
    return "" if value is None else str(value)[:200]
