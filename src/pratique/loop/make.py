"""The plan for an image whose base has a newer version, and the rebase or rebuild itself."""

from pathlib import Path

import msgspec

from pratique.loop import assess
from pratique.loop.parts import Parts
from pratique.loop.requests import Heal
from pratique.model.change import Change, Plan, Rebuild, Strategy
from pratique.model.digest import Digest, short
from pratique.model.errors import InvalidData, NotFound, Unsafe
from pratique.model.image import Image
from pratique.model.reference import Reference
from pratique.registry.images import load
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.lineage import Lineage
from pratique.remediate.plan import package_changes, plan
from pratique.remediate.rebase import rebase
from pratique.remediate.safety import facts_of

CANDIDATE = "pratique-candidate-"  # a rebuild is pushed under such a tag until it has proven itself


def plan_for(parts: Parts, request: Heal) -> Plan:
    """Decide how the image gets to the new base. Where we know how it is built, it is rebuilt, as its owner would."""
    image = assess.known_image(parts, request.digest)
    if image.index is not None:
        raise Unsafe(f"{request.image} is multi-platform", "heal it with `pratique fix rebase`, which keeps its index")
    old_base = parts.store.images.get(request.old_base)
    new_base = assess.known_image(parts, request.new_base)
    definition = _definition(parts, request.image) if parts.builder else None
    return plan(
        image,
        request.image,
        Lineage(request.base, request.old_base, len(old_base.layers) if old_base else 0, certain=True),
        old_base,
        new_base,
        definition,
        Strategy.REBUILD if definition else None,
        facts=facts_of(
            assess.known_inventory(parts, image.digest),
            old_base or image,
            assess.known_inventory(parts, new_base.digest),
            parts.store.assessments.inventory(request.old_base),
        ),
        packages=_package_changes(parts, request.old_base, request.new_base),
    )


def make(parts: Parts, plan: Plan) -> Rebuild:
    """Carry the plan out, into the image's own repository, where no tag that anybody uses names it yet."""
    image = _rebuild(parts, plan) if plan.strategy is Strategy.REBUILD else _rebase(parts, plan)
    parts.store.images.add(image, parts.stamp())
    if plan.base and plan.new_base:
        parts.store.lineage.link(image.digest, plan.base, plan.new_base, f"made by us: {plan.strategy.value}")
    return Rebuild(plan.digest, image.digest, plan)


def define(parts: Parts, image: Reference, definition: BuildDefinition) -> None:
    """Remember how an image is built."""
    parts.store.images.define(image, msgspec.json.encode(definition, enc_hook=str))


def _definition(parts: Parts, image: Reference) -> BuildDefinition | None:
    document = parts.store.images.definition(image)
    return msgspec.json.decode(document, type=BuildDefinition, dec_hook=_path) if document else None


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise InvalidData(f"a build definition in the store holds {value!r} where a {kind.__name__} belongs")


def _package_changes(parts: Parts, old: Digest, new: Digest) -> tuple[Change, ...]:
    before, after = parts.store.assessments.inventory(old), parts.store.assessments.inventory(new)
    return package_changes(before, after) if before and after else ()


def _rebase(parts: Parts, plan: Plan) -> Image:
    base, old_base, new_base = _bases(parts, plan)
    repository = parts.registry.repository(plan.image)
    return rebase(
        repository,
        repository,
        assess.known_image(parts, plan.digest),
        old_base,
        new_base,
        base_repository=parts.registry.repository(base),
        base_reference=base,
        # The new base's own time: the same rebase made twice is the same image, byte for byte.
        created=new_base.created or parts.stamp(),
    )


def _rebuild(parts: Parts, plan: Plan) -> Image:
    base, _, new_base = _bases(parts, plan)
    definition = _definition(parts, plan.image)
    if parts.builder is None or definition is None:
        raise NotFound(
            f"no builder or build definition for {plan.image}", "give one with pratique serve --build IMAGE=DIR"
        )
    candidate = plan.image.tagged(f"{CANDIDATE}{short(plan.digest)}-{short(new_base.digest)}")
    built = parts.builder.build(definition, candidate, {base: new_base.digest})
    return load(parts.registry.repository(plan.image), built.digest)


def _bases(parts: Parts, plan: Plan) -> tuple[Reference, Image, Image]:
    if plan.base is None or plan.new_base is None or plan.old_base is None:
        raise NotFound(f"the plan for {plan.image} names no base", "push its base again")
    new_base = assess.known_image(parts, plan.new_base)
    old_base = parts.store.images.get(plan.old_base) or new_base
    return plan.base, old_base, new_base
