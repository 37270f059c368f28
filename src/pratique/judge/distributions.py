"""Distributions by os-release's ID and VERSION_ID, and what OSV calls them (OSV schema, "Defined ecosystems")."""

import re
from collections.abc import Callable

from pratique.model.inventory import Distro, PackageType

FAMILIES = {
    "debian": PackageType.DEB,
    "ubuntu": PackageType.DEB,
    "alpine": PackageType.APK,
    "wolfi": PackageType.APK,
    "chainguard": PackageType.APK,
    "minimos": PackageType.APK,
    "almalinux": PackageType.RPM,
    "rocky": PackageType.RPM,
    "rhel": PackageType.RPM,
    "azurelinux": PackageType.RPM,
    "mariner": PackageType.RPM,
    "sles": PackageType.RPM,
    "opensuse-leap": PackageType.RPM,
    "opensuse-tumbleweed": PackageType.RPM,
    "mageia": PackageType.RPM,
    "openeuler": PackageType.RPM,
}
"""The kind of package that each distribution's own advisories speak of."""

NAMED_BY_BINARY = frozenset({"almalinux", "rhel"})
"""Those whose advisories name the packages as they were built, and not their source."""

MODULAR = frozenset({"almalinux", "rocky", "rhel"})
"""Those with RPM modules: one package in several streams, each with its own fixes."""

_DISTROS = frozenset(
    {
        *("Debian", "Ubuntu", "Alpine", "Wolfi", "Chainguard", "MinimOS", "AlmaLinux", "Rocky Linux", "Red Hat"),
        *("Azure Linux", "CBL-Mariner", "SUSE", "openSUSE", "Mageia", "openEuler"),
    }
)
_RHEL_PARTS = ("baseos", "appstream", "crb")
_SLE_MODULES = ("Basesystem", "Server Applications", "Development Tools", "Containers", "Python 3", "Web and Scripting")


def is_distro(ecosystem: str) -> bool:
    """Whether an ecosystem is a distribution's, whose own word on severity comes first."""
    return ecosystem.partition(":")[0] in _DISTROS


def of_distro(distro: Distro) -> tuple[str, ...]:
    """OSV's words for a distribution's release; empty where there is none."""
    named = _RELEASES.get(distro.id)
    if named is None:
        return ()
    pattern, words = named
    match = re.fullmatch(pattern, distro.version_id)
    return words(match) if match else ()


def _words(*templates: str) -> Callable[[re.Match[str]], tuple[str, ...]]:
    return lambda match: tuple(template.format(match[1]) for template in templates)


def _openeuler(match: re.Match[str]) -> tuple[str, ...]:
    # VERSION_ID says 24.03; only the name says LTS, and which service pack: each that there may be is asked for.
    return tuple(
        f"openEuler:{match[1]}{suffix}" for suffix in ("", "-LTS", "-LTS-SP1", "-LTS-SP2", "-LTS-SP3", "-LTS-SP4")
    )


def _suse(match: re.Match[str]) -> tuple[str, ...]:
    release = match[1] + (f" SP{match[2]}" if match[2] else "")
    modules = (f"SUSE:Linux Enterprise Module for {module} {release}" for module in _SLE_MODULES)
    return (f"SUSE:Linux Enterprise Server {release}", *modules)


_MAJOR = r"(\d+)(?:\.\d+)*"
_RELEASES = {
    "debian": (r"(\d+).*", _words("Debian:{}")),
    "ubuntu": (r"(\d+\.\d+).*", _words("Ubuntu:{}:LTS", "Ubuntu:{}")),
    "alpine": (r"(\d+\.\d+)(?:\.\d+)*", _words("Alpine:v{}")),
    "wolfi": (r"(.*)", _words("Wolfi")),
    "chainguard": (r"(.*)", _words("Chainguard")),
    "minimos": (r"(.*)", _words("MinimOS")),
    "almalinux": (_MAJOR, _words("AlmaLinux:{}")),
    "rocky": (_MAJOR, _words("Rocky Linux:{}")),
    "rhel": (_MAJOR, _words(*(f"Red Hat:enterprise_linux:{{}}::{part}" for part in _RHEL_PARTS))),
    "azurelinux": (_MAJOR, _words("Azure Linux:{}")),
    "mariner": (_MAJOR, _words("Azure Linux:{}", "CBL-Mariner:{}")),
    "sles": (r"(\d+)(?:\.(\d+))?", _suse),
    "opensuse-leap": (r"(\d+\.\d+)", _words("openSUSE:Leap {}")),
    "opensuse-tumbleweed": (r"(.*)", _words("openSUSE:Tumbleweed")),
    "mageia": (r"(\d+)", _words("Mageia:{}")),
    "openeuler": (r"(\d+\.\d+)", _openeuler),
}
