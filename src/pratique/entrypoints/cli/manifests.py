"""Kubernetes manifests as targets: every image that a file, or the files of a folder, would make a node pull."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pratique.model.errors import InvalidData, NotFound, UsageError

PREFIX = "k8s:"
_ENDINGS = frozenset({".yaml", ".yml", ".json"})
_SIZE = 32 << 20  # bytes of one file
_LISTS = 5  # a List in a List in a List ...


class Used(msgspec.Struct, frozen=True):
    """An image as written, and who uses it: `Deployment/web (web.yaml)`."""

    image: str
    by: tuple[str, ...]


def read(path: Path) -> tuple[Used, ...]:
    """All images in a file or below a folder, each once, in order. Raises NotFound, InvalidData, UsageError.

    Several documents, Lists and rendered Helm or Kustomize output are understood; kinds that make no Pods are passed
    over, and so are files in a folder that hold no Kubernetes object.
    """
    files = _files(path)
    found: dict[str, dict[str, None]] = {}
    for file in files:
        for image, by in _in_file(file, file.name if path.is_file() else str(file.relative_to(path))):
            found.setdefault(image, {})[by] = None
    if not found:
        raise UsageError(f"no image is used in {path}", "is it a manifest of something that makes Pods?")
    return tuple(Used(image, tuple(by)) for image, by in found.items())


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in _ENDINGS and file.is_file())
    if not path.exists():
        raise NotFound(f"no such file or folder: {path}")
    return [path]


def _in_file(file: Path, name: str) -> Iterator[tuple[str, str]]:
    from pratique.admit import podspecs

    for document in _documents(file, name):
        for thing in _objects(document, _LISTS):
            group = str(thing.get("apiVersion") or "").rpartition("/")[0]
            kind = str(thing.get("kind") or "")
            metadata = thing.get("metadata")
            called = metadata.get("name") if isinstance(metadata, dict) else None
            by = f"{kind}/{called or '(no name)'} ({name})"
            try:
                yield from ((use.image, by) for use in podspecs.images(group, kind, thing))
            except InvalidData as error:
                raise InvalidData(f"{by}: {error.what}", error.hint) from error


def _documents(file: Path, name: str) -> list[Any]:
    import yaml

    if file.stat().st_size > _SIZE:
        raise InvalidData(f"{name} is longer than {_SIZE} bytes", "split it")
    try:
        return [*yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        hint = "a chart must be rendered first: helm template" if "{{" in file.read_text("utf-8", "replace") else ""
        raise InvalidData(f"{place}: not YAML: {error.problem or error.context}", hint) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidData(f"{name}: not YAML", str(error).partition("\n")[0][:200]) from error


def _objects(document: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    """The object itself, or those of a List."""
    if not isinstance(document, dict):
        return
    items = document.get("items")
    if str(document.get("kind") or "").endswith("List") and isinstance(items, list):
        for item in items if depth else ():
            yield from _objects(item, depth - 1)
    else:
        yield document
