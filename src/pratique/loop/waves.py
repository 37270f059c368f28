"""In which order the images on a new base are healed. Pure: edges in, levels out."""

from collections.abc import Mapping, Sequence

from pratique.loop.requests import Fate, Heal, Healed
from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.remediate.order import topological
from pratique.store.lineage import Edge


def levels(edges: Sequence[Edge]) -> tuple[tuple[Edge, ...], ...]:
    """Edges in levels: an image comes after the image that it is built on. Raises order.Cycle."""
    by_image = {str(edge.image): edge for edge in edges}
    order = topological(by_image, [(str(edge.base), str(edge.image)) for edge in edges])
    return tuple(tuple(by_image[name] for name in level) for level in order)


def stale(edges: Sequence[Edge], roots: Mapping[Reference, Digest]) -> bool:
    """Whether any image is not on the version of its base that its base's tag names now."""
    now_at = {**{edge.image: edge.digest for edge in edges}, **roots}
    return any(now_at.get(edge.base, edge.base_digest) != edge.base_digest for edge in edges)


def next_heals(level: Sequence[Edge], now_at: Mapping[Reference, Digest]) -> tuple[Heal, ...]:
    """The heals of one level, for those images whose base has a new version; `now_at` says where each base is now."""
    return tuple(
        Heal(edge.image, edge.digest, edge.base, edge.base_digest, now_at[edge.base])
        for edge in level
        if edge.base in now_at and now_at[edge.base] != edge.base_digest
    )


def settled(level: Sequence[Edge], now_at: Mapping[Reference, Digest]) -> Mapping[Reference, Digest]:
    """Images of a level that are already built on the newest version of their base, and where they are."""
    return {edge.image: edge.digest for edge in level if now_at.get(edge.base) == edge.base_digest}


def cut_off(
    level: Sequence[Edge], now_at: Mapping[Reference, Digest], failed: Mapping[Reference, str]
) -> tuple[Healed, ...]:
    """Images that cannot be healed because their own base could not: skipped, with the reason."""
    return tuple(
        Healed(
            edge.image, edge.digest, Fate.SKIPPED, reason=f"its base {edge.base} was not healed: {failed[edge.base]}"
        )
        for edge in level
        if edge.base not in now_at and edge.base in failed
    )
