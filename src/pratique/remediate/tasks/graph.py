"""In which order steps run: the graph that `when` makes (ACR Tasks reference: "when"; acb's graph.NewDagFromTask)."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec

from pratique.remediate.tasks.places import Problem, nearest, shown
from pratique.remediate.tasks.task import Step

AT_ONCE = "-"


class Graph(msgspec.Struct, frozen=True):
    """Each step's direct predecessors, by id, in the order of the file; `levels` may each run in parallel."""

    after: Mapping[str, tuple[str, ...]]
    levels: tuple[tuple[str, ...], ...]


def graph(steps: Iterable[Step]) -> Graph:
    """The graph of a task's steps. Raises UsageError with the place: unknown ids, a step after itself, circles."""
    ordered = tuple(steps)
    problems = problems_of(ordered)
    if problems:
        raise problems[0].raised()
    after = _after(ordered)
    return Graph(after, tuple(_levels(after)))


def problems_of(steps: tuple[Step, ...]) -> tuple[Problem, ...]:
    """All that is wrong with the `when`s of these steps."""
    ids = [step.id for step in steps]
    problems = []
    for step in steps:
        for name in step.when or ():
            if name == step.id:
                problems.append(Problem(step.place, f"the step {shown(name)} waits for itself", "it would never start"))
            elif name != AT_ONCE and name not in ids:
                hint = nearest(name, ids) or "give that step this id, or take it out of when"
                problems.append(
                    Problem(step.place, f"{step.id} waits for {shown(name)}, and there is no such step", hint)
                )
    return tuple(problems) or tuple(_circle(steps))


def _after(steps: tuple[Step, ...]) -> dict[str, tuple[str, ...]]:
    after: dict[str, tuple[str, ...]] = {}
    previous: tuple[str, ...] = ()
    for step in steps:
        named = previous if step.when is None else tuple(name for name in step.when if name != AT_ONCE)
        after[step.id] = tuple(dict.fromkeys(named))
        previous = (step.id,)
    return after


def _circle(steps: tuple[Step, ...]) -> Iterable[Problem]:
    try:
        TopologicalSorter(_after(steps)).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        place = next(step.place for step in steps if step.id in circle)
        way = " -> ".join(circle)
        yield Problem(place, f"steps wait for each other in a circle: {way}", "ACR would hang until its timeout")


def _levels(after: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
    position = {name: at for at, name in enumerate(after)}
    sorter = TopologicalSorter(after)
    sorter.prepare()
    while sorter.is_active():
        level = tuple(sorted(sorter.get_ready(), key=position.__getitem__))
        sorter.done(*level)
        yield level
