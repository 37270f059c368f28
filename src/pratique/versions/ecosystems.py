"""Which ecosystem orders its versions how. Comparators are imported when they are first asked for."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from pratique.versions.errors import LIMIT, InvalidVersion

_MODULES = {
    "Debian": "debian",
    "Ubuntu": "debian",
    "Alpine": "alpine",
    "Wolfi": "alpine",
    "Chainguard": "alpine",
    "PyPI": "pypi",
    "npm": "npm",
}


def supports(ecosystem: str) -> bool:
    """Whether versions of this ecosystem can be ordered; a release suffix (`Debian:12`) doesn't matter."""
    return _base(ecosystem) in _MODULES


def key(ecosystem: str, version: str) -> bytes:
    """Bytes whose order is the order of versions in `ecosystem`; equal keys mean that neither is newer.

    Raises InvalidVersion, a ValueError, for text that isn't a version there, and for an ecosystem that isn't supported.
    """
    if len(version) > LIMIT or not supports(ecosystem):
        raise InvalidVersion(ecosystem, version)
    encoded = _comparator(_base(ecosystem))(version)
    if encoded is None:
        raise InvalidVersion(ecosystem, version)
    return encoded


def _base(ecosystem: str) -> str:
    return ecosystem.partition(":")[0]


@cache
def _comparator(base: str) -> Callable[[str], bytes | None]:
    encode: Callable[[str], bytes | None] = import_module(f"pratique.versions.{_MODULES[base]}").encode
    return encode
