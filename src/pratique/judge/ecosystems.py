"""Which of OSV's ecosystems, names and versions to ask for, given a package and the distribution it is installed on."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pratique.judge.distributions import FAMILIES, MODULAR, NAMED_BY_BINARY, is_distro, of_distro
from pratique.model.inventory import Distro, Inventory, Package, PackageType, Skipped

__all__ = ["Lookup", "is_distro", "lookup", "of_distro", "unsupported"]

_LANGUAGES = {
    PackageType.PYPI: "PyPI",
    PackageType.NPM: "npm",
    PackageType.GOLANG: "Go",
    PackageType.MAVEN: "Maven",
    PackageType.CARGO: "crates.io",
    PackageType.NUGET: "NuGet",
    PackageType.GEM: "RubyGems",
    PackageType.COMPOSER: "Packagist",
    PackageType.BITNAMI: "Bitnami",
}
_SYSTEMS = frozenset({PackageType.DEB, PackageType.APK, PackageType.RPM, PackageType.ALPM})
_OS_RELEASE = "etc/os-release"
_ANY_STREAM = "*"


class Lookup(NamedTuple):
    """What to ask advisories for: every one of `names` in every one of `ecosystems`; and the version to compare.

    `module` is RPM's `name:stream` of a modular package, `*` where the stream isn't known.
    """

    ecosystems: tuple[str, ...]
    names: tuple[str, ...]
    version: str
    module: str = ""


def lookup(package: Package, distro: Distro | None) -> Lookup | None:
    """What to ask for a package; None where there are no advisories for its kind, or for its distribution.

    Distribution packages are asked for by their source package, for that is what distributions write about, but for
    those that write about the packages that they built.
    """
    language = _LANGUAGES.get(package.type)
    if language:
        return Lookup((language,), _language_names(package), package.version)
    if distro is None or FAMILIES.get(distro.id) is not package.type:
        return None
    name, version = package.name, package.version
    if package.source and distro.id not in NAMED_BY_BINARY:
        name, version = package.source.name, package.source.version or version
    ecosystems = of_distro(distro)
    return Lookup(ecosystems, (name,), version, _module(package, distro)) if ecosystems else None


def concerns(question: Lookup, module: str) -> bool:
    """Whether an advisory's entry for `module` is about this package: a stream's builds are numbered on their own."""
    if not (question.module and module):
        return question.module == module
    return _ANY_STREAM in (question.module, module) or question.module == module


def unsupported(inventory: Inventory) -> tuple[Skipped, ...]:
    """What can't be asked for at all: a distribution or a kind that has no advisories here, with how many packages."""
    left_out = [package for package in inventory.packages if lookup(package, inventory.distro) is None]
    missed = sum(1 for package in left_out if package.type in _SYSTEMS)
    of_system = _unsupported_distro(inventory.distro, missed)
    kinds = Counter(package.type for package in left_out if package.type not in _SYSTEMS and not package.owner)
    return (*of_system, *_unsupported_kinds(kinds))


def _unsupported_distro(distro: Distro | None, missed: int) -> Iterator[Skipped]:
    if distro is None:
        if missed:
            reason = f"no distribution was recognised: {_packages(missed)} of one not matched with advisories"
            yield Skipped(_OS_RELEASE, reason)
    elif not of_distro(distro):
        yield Skipped(_OS_RELEASE, f"{_why(distro)}: {_packages(missed)} of it not matched with advisories")
    elif missed:
        reason = f"{_packages(missed)} of another distribution than {_named(distro)}: not matched with advisories"
        yield Skipped(_OS_RELEASE, reason)


def _unsupported_kinds(kinds: "Counter[PackageType]") -> Iterator[Skipped]:
    for kind, count in sorted(kinds.items()):
        yield Skipped(f"pkg:{kind.value}", f"there are no advisories of this kind here: {_packages(count)} not matched")


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
    name = package.name
    match package.type:
        case PackageType.PYPI:
            # PEP 503 makes the names one; a few records keep their project's own spelling.
            return tuple(dict.fromkeys((re.sub(r"[-_.]+", "-", name).lower(), name)))
        case PackageType.MAVEN if ":" not in name:  # as a purl has it: the group is what stands before the last slash
            group, slash, artifact = name.rpartition("/")
            return (f"{group}:{artifact}" if slash else name,)
        case PackageType.GOLANG if name in {"std", "go"}:
            return ("stdlib",)
    return (name,)


def _module(package: Package, distro: Distro) -> str:
    if distro.id not in MODULAR:
        return ""
    if package.modularity:
        return ":".join(package.modularity.split(":")[:2])
    return _ANY_STREAM if ".module" in package.version else ""
