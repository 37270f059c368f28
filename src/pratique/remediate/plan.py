"""What will be done to an image whose base has a new version: nothing, a rebase or a rebuild, and why. No I/O."""

from collections.abc import Iterator, Mapping

from pratique.model.change import Change, Plan, Strategy
from pratique.model.digest import short
from pratique.model.errors import Unsafe
from pratique.model.image import Image
from pratique.model.inventory import Inventory
from pratique.model.reference import Reference
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.lineage import Lineage
from pratique.remediate.safety import Facts, obstacle


def plan(
    image: Image,
    reference: Reference,
    lineage: Lineage | None,
    old_base: Image | None,
    new_base: Image,
    definition: BuildDefinition | None = None,
    prefer: Strategy | None = None,
    *,
    facts: Facts | None = None,
    packages: tuple[Change, ...] = (),
) -> Plan:
    """Choose how `image`, published as `reference`, gets to `new_base`.

    A rebase where it is safe: it changes nothing else. A rebuild where it isn't and there is a definition. `packages`
    are the base's package changes where known (`package_changes`). Raises Unsafe with the reason where neither will do.
    """
    if old_base is not None and old_base.digest == new_base.digest and prefer is not Strategy.REBUILD:
        return _plan(image, reference, lineage, old_base, new_base, Strategy.NONE, ("the base has no newer version",))
    if prefer is Strategy.NONE:
        return _plan(image, reference, lineage, old_base, new_base, Strategy.NONE, ("nothing was asked for",))
    against = _against_rebase(image, lineage, old_base, new_base, facts)
    if not against and prefer is not Strategy.REBUILD:
        reasons = ("only layers of the base change, so a rebase will do",)
        return _plan(image, reference, lineage, old_base, new_base, Strategy.REBASE, reasons, packages)
    if prefer is Strategy.REBASE:
        raise Unsafe(f"cannot rebase {_named(image, reference)}: {against}", _rebuild_hint(definition))
    if definition is None:
        why = against or "a rebuild was asked for"
        raise Unsafe(f"cannot mend {_named(image, reference)}: {why}", _rebuild_hint(definition))
    reasons = (f"a rebase will not do: {against}" if against else "a rebuild was asked for",)
    return _plan(image, reference, lineage, old_base, new_base, Strategy.REBUILD, reasons, packages)


def package_changes(old: Inventory, new: Inventory) -> tuple[Change, ...]:
    """How the packages of two versions of a base differ, as one change with counts and examples; none when equal."""
    before, after = _versions(old), _versions(new)
    moved = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    words = (
        _words("updated", [f"{name} {before[kind, name]} -> {after[kind, name]}" for kind, name in moved]),
        _words("added", sorted(name for _, name in after.keys() - before.keys())),
        _words("removed", sorted(name for _, name in before.keys() - after.keys())),
    )
    detail = "; ".join(filter(None, words))
    return (Change(f"packages of the base: {detail}", str(len(before)), str(len(after))),) if detail else ()


def _against_rebase(
    image: Image, lineage: Lineage | None, old_base: Image | None, new_base: Image, facts: Facts | None
) -> str:
    if old_base is None:
        name = f" ({lineage.base})" if lineage and lineage.base else ""
        return f"the base{name} that it was built on is not known by its layers"
    return obstacle(image, old_base, new_base, facts)


def _plan(
    image: Image,
    reference: Reference,
    lineage: Lineage | None,
    old_base: Image | None,
    new_base: Image,
    strategy: Strategy,
    reasons: tuple[str, ...],
    packages: tuple[Change, ...] = (),
) -> Plan:
    old_digest = old_base.digest if old_base else lineage.base_digest if lineage else None
    changes = [Change(reason) for reason in reasons]
    if strategy is not Strategy.NONE:
        changes += (Change("the base has a new version", old_digest or "", new_base.digest), *packages)
    return Plan(
        image=reference,
        digest=image.digest,
        strategy=strategy,
        changes=tuple(changes),
        base=lineage.base if lineage else None,
        old_base=old_digest,
        new_base=new_base.digest,
    )


def _named(image: Image, reference: Reference) -> str:
    return f"{reference} ({short(image.digest)})"


def _rebuild_hint(definition: BuildDefinition | None) -> str:
    return "rebuild it on the new base" if definition else "give its Dockerfile and context, so that it can be rebuilt"


def _versions(inventory: Inventory) -> Mapping[tuple[str, str], str]:
    return {(package.type.value, package.name): package.version for package in inventory.packages}


def _words(verb: str, items: list[str]) -> str:
    return f"{len(items)} {verb} ({', '.join(_few(items))})" if items else ""


def _few(items: list[str]) -> Iterator[str]:
    yield from items[:3]
    if len(items) > 3:
        yield "..."
