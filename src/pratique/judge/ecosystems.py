"""Which of OSV's ecosystems, names and versions to ask for, given a package and the distribution it is installed on."""

import re
from typing import NamedTuple

from pratique.model.inventory import Distro, Inventory, Package, PackageType, Skipped

_LANGUAGES = {PackageType.PYPI: "PyPI", PackageType.NPM: "npm"}
_FAMILIES = {
    "debian": PackageType.DEB,
    "ubuntu": PackageType.DEB,
    "alpine": PackageType.APK,
    "wolfi": PackageType.APK,
    "chainguard": PackageType.APK,
}
_DISTROS = frozenset({"Debian", "Ubuntu", "Alpine", "Wolfi", "Chainguard"})
_OS_RELEASE = "etc/os-release"


class Lookup(NamedTuple):
    """What to ask advisories for: every one of `names` in every one of `ecosystems`; and the version to compare."""

    ecosystems: tuple[str, ...]
    names: tuple[str, ...]
    version: str


def lookup(package: Package, distro: Distro | None) -> Lookup | None:
    """What to ask for a package; None where the package's distribution isn't one whose advisories we know.

    Distribution packages are asked for by their source package, for that is what distributions write about.
    """
    language = _LANGUAGES.get(package.type)
    if language:
        return Lookup((language,), _language_names(package), package.version)
    if distro is None or _FAMILIES.get(distro.id) is not package.type:
        return None
    name, version = (package.source.name, package.source.version) if package.source else (package.name, package.version)
    ecosystems = of_distro(distro)
    return Lookup(ecosystems, (name,), version or package.version) if ecosystems else None


def of_distro(distro: Distro) -> tuple[str, ...]:
    """OSV's words for a distribution's release (OSV schema, "Defined ecosystems"); empty where there is none."""
    version = distro.version_id
    match distro.id:
        case "debian" if major := re.match(r"\d+", version):
            return (f"Debian:{major[0]}",)
        case "ubuntu" if release := re.match(r"\d+\.\d+", version):
            return (f"Ubuntu:{release[0]}:LTS", f"Ubuntu:{release[0]}")
        case "alpine" if branch := re.fullmatch(r"(\d+\.\d+)(?:\.\d+)*", version):
            return (f"Alpine:v{branch[1]}",)
        case "wolfi":
            return ("Wolfi",)
        case "chainguard":
            return ("Chainguard",)
    return ()


def is_distro(ecosystem: str) -> bool:
    """Whether an ecosystem is a distribution's, whose own word on severity comes first."""
    return ecosystem.partition(":")[0] in _DISTROS


def unsupported(inventory: Inventory) -> tuple[Skipped, ...]:
    """What can't be asked for at all: a distribution that has no advisories here, and the number of its packages."""
    distro = inventory.distro
    missed = sum(1 for package in inventory.packages if lookup(package, distro) is None)
    if distro is None:
        reason = f"no distribution was recognised: {_packages(missed)} of one not matched with advisories"
        return (Skipped(_OS_RELEASE, reason),) if missed else ()
    if not of_distro(distro):
        return (Skipped(_OS_RELEASE, f"{_why(distro)}: {_packages(missed)} of it not matched with advisories"),)
    if missed:
        reason = f"{_packages(missed)} of another distribution than {_named(distro)}: not matched with advisories"
        return (Skipped(_OS_RELEASE, reason),)
    return ()


def _why(distro: Distro) -> str:
    if distro.id == "debian":
        return f"Debian {distro.codename or 'testing or unstable'} has no release number, so no advisories of its own"
    if distro.id == "alpine":
        return f"Alpine {distro.version_id or 'without a version'} is not a released branch"
    return f"the distribution {_named(distro)} is not supported"


def _named(distro: Distro) -> str:
    return " ".join(filter(None, (distro.id[:80], distro.version_id[:80])))


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"


def _language_names(package: Package) -> tuple[str, ...]:
    if package.type is not PackageType.PYPI:
        return (package.name,)
    # PEP 503 makes the names one; a few records keep their project's own spelling.
    return tuple(dict.fromkeys((re.sub(r"[-_.]+", "-", package.name).lower(), package.name)))
