"""What is wrong with a task file, all of it: what cannot run, what is ignored, what is probably not meant. Pure."""

import re
from collections.abc import Iterator

from pratique.model.errors import UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks.aliases import BUILT_IN
from pratique.remediate.tasks.dependencies import tags_of
from pratique.remediate.tasks.places import Place, PlacedError, Problem
from pratique.remediate.tasks.prepare import Inputs, Reads, prepare, version_of
from pratique.remediate.tasks.task import Kind, Task

_ALIAS = re.compile(r"(?<!\$)\$(" + "|".join(BUILT_IN) + r")(?![A-Za-z0-9])")


def lint(text: str, name: str, inputs: Inputs, reads: Reads | None = None) -> tuple[Problem, ...]:
    """All problems, in the order of the file. Never raises for what is in the file."""
    try:
        prepared = prepare(text, name, inputs, reads=reads)
    except PlacedError as error:
        return (Problem(error.place, error.problem, error.hint),)
    except UsageError as error:
        return (Problem(Place(name, 1, 1), error.what.removeprefix(f"{name}: "), error.hint),)
    more = list(_unknown_aliases(text, name))
    if prepared.task:
        more += _unpushed(prepared.task)
    return tuple(sorted((*prepared.problems, *more), key=lambda problem: problem.place))


def _unknown_aliases(text: str, name: str) -> Iterator[Problem]:
    if version_of(text, name)[0] >= "v1.1.0":
        return
    for number, line in enumerate(text.splitlines(), 1):
        found = None if line.lstrip().startswith("#") else _ALIAS.search(line)
        if found:
            what = f"{found[0]} is an alias from version v1.1.0 on, and stays as it is here"
            yield Problem(Place(name, number, found.start() + 1), what, "begin with: version: v1.1.0", error=False)


def _unpushed(task: Task) -> Iterator[Problem]:
    built = {reference for step in task.steps for reference in tags_of(step)}
    pushed = {Reference.parse(image) for step in task.steps for image in step.push}
    by_command = any(step.kind is Kind.CMD and "push" in step.arguments.split() for step in task.steps)
    for step in task.steps:
        for reference in sorted(tags_of(step) - pushed):
            if "." in reference.registry and reference.registry != "docker.io" and not by_command:
                yield Problem(step.place, f"{reference} is built and never pushed", "add a push step", error=False)
        for image in step.push:
            if built and Reference.parse(image) not in built:
                yield Problem(step.place, f"{image} is pushed and never built", "is the name right?", error=False)
