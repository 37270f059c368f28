"""In which order dependents of a changed base are mended: bases before those that are built on them.

Nodes are any names (references or digests as strings); an edge `(base, dependent)` says that the second is built on the
first. Everything here is deterministic: the same edges in any order give the same answer.
"""

from collections.abc import Collection, Iterable
from graphlib import CycleError, TopologicalSorter

from pratique.model.errors import InvalidData

Edge = tuple[str, str]


class Cycle(InvalidData):
    """Images that are built on each other in a circle; `cycle` names them in order, each the base of the next."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        super().__init__(
            "images are built on each other in a circle: " + " -> ".join((*cycle, cycle[0])),
            "one of these lineages is wrong: correct the build definition or the base annotation that says so",
        )
        self.cycle = cycle


def affected(bases: Collection[str], edges: Iterable[Edge]) -> tuple[str, ...]:
    """All that is built on any of `bases`, directly or not, sorted; a base counts where it has such a base itself."""
    dependents: dict[str, set[str]] = {}
    for base, dependent in edges:
        dependents.setdefault(base, set()).add(dependent)
    found: set[str] = set()
    waiting = list(bases)
    while waiting:
        fresh = dependents.get(waiting.pop(), set()) - found
        found |= fresh
        waiting.extend(fresh)
    return tuple(sorted(found))


def topological(nodes: Iterable[str], edges: Iterable[Edge]) -> tuple[tuple[str, ...], ...]:
    """Nodes in levels: each is built only on nodes of earlier levels, so one level may be mended at once.

    Edges that touch no node are ignored. Raises Cycle.
    """
    wanted = sorted(set(nodes))
    bases: dict[str, set[str]] = {node: set() for node in wanted}
    for base, dependent in edges:
        if base in bases and dependent in bases:
            bases[dependent].add(base)
    sorter = TopologicalSorter({node: sorted(bases[node]) for node in wanted})
    try:
        sorter.prepare()
    except CycleError as error:
        raise Cycle(_from_smallest(error.args[1])) from None
    return tuple(_levels(sorter))


def _levels(sorter: "TopologicalSorter[str]") -> Iterable[tuple[str, ...]]:
    while sorter.is_active():
        level = tuple(sorted(sorter.get_ready()))
        sorter.done(*level)
        yield level


def _from_smallest(closed: list[str]) -> tuple[str, ...]:
    circle = closed[:-1]  # graphlib repeats the first node at the end; each node is a base of the next
    start = circle.index(min(circle))
    return tuple(circle[start:] + circle[:start])
