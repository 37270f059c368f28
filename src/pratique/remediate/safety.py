"""When a rebase is safe: only while an image's own layers do not depend on the very files that the base exchanges.

What can be told of that from manifests and from scans is told here; what is not known is not held against the rebase.
"""

from collections.abc import Iterator

import msgspec

from pratique.model.digest import short
from pratique.model.image import Image
from pratique.model.inventory import Distro, Inventory, Package, PackageType
from pratique.remediate.lineage import same_platform

_SYSTEM_PACKAGES = (PackageType.DEB, PackageType.APK)


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What scans know that bears on safety; each is optional, and what is not known is not held against the rebase.

    `package_files` are paths of the system's package database that application layers wrote.
    """

    package_files: tuple[str, ...] = ()
    old_distro: Distro | None = None
    new_distro: Distro | None = None


def obstacle(image: Image, old_base: Image, new_base: Image, facts: Facts | None = None) -> str:
    """Why a rebase would be unsafe, in a sentence; empty when nothing speaks against it."""
    facts = facts or Facts()
    if not old_base.layers or image.diff_ids[: len(old_base.layers)] != old_base.diff_ids:
        return f"its first layers are not those of the base {short(old_base.digest)}"
    for base in (old_base, new_base):
        if not same_platform(base.platform, image.platform):
            return f"it is for {image.platform} and the base {short(base.digest)} is for {base.platform}"
    if facts.package_files:
        return f"its own layers changed the base's package database ({', '.join(facts.package_files[:3])})"
    return _release_change(facts.old_distro, facts.new_distro)


def facts_of(
    inventory: Inventory,
    old_base: Image,
    new_inventory: Inventory | None = None,
    old_inventory: Inventory | None = None,
) -> Facts:
    """The facts that scans of an image and, where there are some, of its new and its old base give.

    Packages that came or moved with an application layer show a written database; ones that went away do so only in
    comparison with `old_inventory`. A database that was written again without a change isn't seen here but by
    `validate`, which finds the new base's packages missing.
    """
    ours = {None, *old_base.diff_ids}
    files = {place.path for package in _system(inventory) for place in package.locations if place.layer not in ours}
    if old_inventory:
        still = {(package.type, package.name) for package in _system(inventory)}
        gone = (package for package in _system(old_inventory) if (package.type, package.name) not in still)
        files |= {place.path for package in gone for place in package.locations[:1]}
    return Facts(tuple(sorted(files)), inventory.distro, new_inventory.distro if new_inventory else None)


def _system(inventory: Inventory) -> Iterator[Package]:
    return (package for package in inventory.packages if package.type in _SYSTEM_PACKAGES)


def _release_change(old: Distro | None, new: Distro | None) -> str:
    if old is None or new is None:
        return ""
    before, after = (old.id, _release(old)), (new.id, _release(new))
    return "" if before == after else f"the base moves from {' '.join(before)} to {' '.join(after)}"


def _release(distro: Distro) -> str:
    """Alpine's point releases (3.19.1) share a package branch; the others' version is the release."""
    return ".".join(distro.version_id.split(".")[:2]) if distro.id == "alpine" else distro.version_id
