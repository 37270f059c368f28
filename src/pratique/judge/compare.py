"""What a new image did about the vulnerabilities and the packages of an old one."""

from collections.abc import Iterable

import msgspec

from pratique.judge.order import ordered
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, PackageType


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings of the old image that are gone, and of the new one those that stayed and those that are new."""

    fixed: tuple[Finding, ...] = ()
    remaining: tuple[Finding, ...] = ()
    new: tuple[Finding, ...] = ()


class PackageChange(msgspec.Struct, frozen=True, order=True):
    """A package whose installed versions differ: none in `old` means added, none in `new` means removed."""

    type: PackageType
    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]


def packages(old: Inventory, new: Inventory) -> tuple[PackageChange, ...]:
    """The packages that were added, removed or changed, by type and name.

    Versions that both have of a package that is installed in several are left out: they did not change.
    """
    before, after = _versions(old), _versions(new)
    changes = []
    for kind, name in sorted(before.keys() | after.keys()):
        had, has = before.get((kind, name), frozenset()), after.get((kind, name), frozenset())
        if had != has:
            changes.append(PackageChange(kind, name, tuple(sorted(had - has)), tuple(sorted(has - had))))
    return tuple(changes)


def _versions(inventory: Inventory) -> dict[tuple[PackageType, str], frozenset[str]]:
    found: dict[tuple[PackageType, str], set[str]] = {}
    for package in inventory.packages:
        found.setdefault((package.type, package.name), set()).add(package.version)
    return {key: frozenset(versions) for key, versions in found.items()}


def fixed_and_new(old: Iterable[Finding], new: Iterable[Finding]) -> Difference:
    """Compare two images' findings by `Finding.key`: vulnerability and package, whatever its version.

    A package that is installed twice is fixed when no copy is affected any more.
    """
    before, after = ordered(old), ordered(new)
    had = {finding.key for finding in before}
    has = {finding.key for finding in after}
    return Difference(
        fixed=tuple(finding for finding in before if finding.key not in has),
        remaining=tuple(finding for finding in after if finding.key in had),
        new=tuple(finding for finding in after if finding.key not in had),
    )
