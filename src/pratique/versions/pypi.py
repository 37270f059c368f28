"""PEP 440's order ("Summary of permitted suffixes and relative ordering"), local versions included."""

from packaging.version import InvalidVersion, Version

from pratique.versions import numbers

_PRE = {"a": b"\1", "b": b"\2", "rc": b"\3"}


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what PEP 440 doesn't know (setuptools' legacy versions)."""
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    return b"".join(
        (
            _number(parsed.epoch),
            _release(parsed.release),
            _pre(parsed),
            b"\0" if parsed.post is None else b"\1" + _number(parsed.post),
            b"\1" if parsed.dev is None else b"\0" + _number(parsed.dev),
            _local(parsed.local),
        )
    )


def _number(number: int) -> bytes:
    return numbers.encode(str(number))


def _release(release: tuple[int, ...]) -> bytes:
    while len(release) > 1 and release[-1] == 0:
        release = release[:-1]
    return b"".join(b"\1" + _number(number) for number in release) + b"\0"


def _pre(version: Version) -> bytes:
    if version.pre is not None:
        letter, number = version.pre
        return _PRE[letter] + _number(number)
    only_dev = version.post is None and version.dev is not None
    return b"\0" if only_dev else b"\4"  # 1.dev0 < 1a0 < 1 <= 1.post0.dev0


def _local(local: str | None) -> bytes:
    if local is None:
        return b"\0"
    segments = (b"\2" + numbers.encode(s) if s.isdigit() else b"\1" + s.encode() + b"\0" for s in local.split("."))
    return b"\1" + b"".join(segments) + b"\0"
