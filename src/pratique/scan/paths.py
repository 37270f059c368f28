"""Paths inside an image: text without a leading slash, `/` between the parts, no `.` and no `..`."""

from collections.abc import Iterator

_LIMIT = 4096  # characters: Linux's PATH_MAX
_DEPTH = 256  # folders in folders; no real image comes near, and each costs a look at every link


def normal(path: str) -> str | None:
    """The path without leading `/` and `./`, doubled and trailing slashes; the root is empty.

    None for what no unpacker should create: `..`, a NUL, more than 4096 characters or 256 parts.
    """
    path = path.removeprefix("./")
    path = path.rstrip("/")
    if len(path) > _LIMIT or "\0" in path or path.count("/") >= _DEPTH:
        return None
    if "/." not in path and "//" not in path and path[:1] not in {"/", "."}:
        return path
    parts = [part for part in path.split("/") if part not in {"", "."}]
    return None if ".." in parts else "/".join(parts)


def folders(path: str) -> Iterator[str]:
    """The folders that a path is in, outermost first, without the root."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


def shown(path: str) -> str:
    """The path as text that can be written anywhere: bytes that aren't UTF-8 become `\\xNN`."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
