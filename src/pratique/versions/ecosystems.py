"""Which ecosystem orders its versions how. Comparators are imported when they are first asked for."""

from collections.abc import Callable
from functools import cache
from importlib import import_module

from pratique.versions.errors import LIMIT, InvalidVersion

_MODULES = {
    # distributions: dpkg, apk, rpm, pacman
    "Debian": "debian",
    "Ubuntu": "debian",
    "Echo": "debian",
    "Alpine": "alpine",
    "Wolfi": "alpine",
    "Chainguard": "alpine",
    "MinimOS": "alpine",
    "Alpaquita": "alpine",
    "BellSoft Hardened Containers": "alpine",
    "AlmaLinux": "rpm",
    "Rocky Linux": "rpm",
    "Red Hat": "rpm",
    "SUSE": "rpm",
    "openSUSE": "rpm",
    "Azure Linux": "rpm",
    "CBL-Mariner": "rpm",
    "Mageia": "rpm",
    "openEuler": "rpm",
    "Photon OS": "rpm",
    "Fedora": "rpm",
    "Oracle Linux": "rpm",
    "Amazon Linux": "rpm",
    "Arch Linux": "arch",
    # languages and the rest
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "Maven": "maven",
    "RubyGems": "rubygems",
    "NuGet": "nuget",
    "Packagist": "packagist",
    "Pub": "pub",
    "Bitnami": "bitnami",
    "crates.io": "semver",
    "Hex": "semver",
    "CRAN": "dotted",
    "Hackage": "dotted",
    "CPAN": "cpan",
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
