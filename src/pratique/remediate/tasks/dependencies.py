"""Which images a task is built on, and which it runs: what ACR's base image trigger tracks, and what it misses.

ACR follows the FROM lines of build steps: the origin of the built stage is the run-time dependency, all other origins
are build-time ones. COPY --from and RUN --mount=from, which ACR doesn't see, count as build-time dependencies here;
images that cmd steps run are listed and never trigger. What the task itself builds is nobody's dependency.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from pratique.model.descriptor import Platform
from pratique.model.digest import Digest
from pratique.model.errors import PratiqueError
from pratique.model.reference import DOCKER_HUB, Reference
from pratique.remediate import dockerfile
from pratique.remediate.tasks.arguments import BuildArguments, build_of, parse_build, runs_docker
from pratique.remediate.tasks.task import Kind, Step, Task


class DependencyKind(StrEnum):
    """ARM's words, and ours for what ACR does not track."""

    RUNTIME = "RunTime"
    BUILDTIME = "BuildTime"
    COMMAND = "Command"


class Dependency(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image that a step needs. `seen_by_acr`: whether ACR would list it."""

    step: str
    kind: DependencyKind
    reference: Reference
    seen_by_acr: bool = True


class Unread(msgspec.Struct, frozen=True):
    """A step whose dependencies could not be told, and why."""

    step: str
    reason: str


class Dependencies(msgspec.Struct, frozen=True):
    """All that a task needs, in the order of its steps, each once for each step and kind."""

    found: tuple[Dependency, ...]
    unread: tuple[Unread, ...] = ()

    def tracked(self, *, all_bases: bool = False) -> tuple[Reference, ...]:
        """What a base image trigger watches: `Runtime`, or `All`, with what is only there while building."""
        kinds = (DependencyKind.RUNTIME, DependencyKind.BUILDTIME) if all_bases else (DependencyKind.RUNTIME,)
        return tuple(dict.fromkeys(each.reference for each in self.found if each.kind in kinds))


ReadsDockerfile = Callable[[Step, BuildArguments], str]  # raises a PratiqueError where it isn't there


def dependencies(task: Task, reads: ReadsDockerfile) -> Dependencies:
    """The dependencies of a task; `reads` finds the Dockerfile of a build step."""
    found: list[Dependency] = []
    unread: list[Unread] = []
    built: set[Reference] = set()
    for step in task.steps:
        try:
            found += [each for each in _of(step, reads) if each.reference not in built]
        except PratiqueError as error:
            unread.append(Unread(step.id, str(error)))
        built |= tags_of(step)
    return Dependencies(tuple(dict.fromkeys(found)), tuple(unread))


def of_dockerfile(file: dockerfile.Dockerfile, target: str = "") -> tuple[Reference | None, tuple[Reference, ...]]:
    """The run-time base and the other images that building `target` reads from."""
    base = file.base(target)
    runtime = base.reference if base else None
    return runtime, tuple(reference for reference in file.references(target) if reference != runtime)


def read_build(text: str, arguments: BuildArguments) -> dockerfile.Dockerfile:
    """The Dockerfile of a build with its arguments. Raises InvalidData, UsageError."""
    platform = Platform.parse(arguments.platform) if arguments.platform else None
    return dockerfile.parse(text, arguments.build_args, platform)


def tags_of(step: Step) -> set[Reference]:
    """The names that a build step gives to what it builds."""
    text = build_of(step)
    return set() if text is None else {Reference.parse(tag) for tag in parse_build(text).tags}


def described(reference: Reference, digest: Digest | None = None) -> dict[str, str]:
    """A reference as ACR prints dependencies, where Docker Hub is `registry.hub.docker.com`."""
    registry = "registry.hub.docker.com" if reference.registry == DOCKER_HUB else reference.registry
    described = {"registry": registry, "repository": reference.repository, "tag": reference.tag or ""}
    return {**described, "digest": str(digest or reference.digest or ""), "reference": str(reference)}


def _of(step: Step, reads: ReadsDockerfile) -> Iterator[Dependency]:
    text = build_of(step)
    if text is None:
        if step.kind is Kind.CMD and not runs_docker(step):
            yield Dependency(step.id, DependencyKind.COMMAND, Reference.parse(step.image), seen_by_acr=False)
        return
    arguments = parse_build(text)
    file = read_build(reads(step, arguments), arguments)
    runtime, others = of_dockerfile(file, arguments.target)
    seen = step.kind is Kind.BUILD
    if runtime is not None:
        yield Dependency(step.id, DependencyKind.RUNTIME, runtime, seen)
    from_lines = {use.reference for stage in file.stages for use in stage.uses if use.keyword == "FROM"}
    for reference in others:
        yield Dependency(step.id, DependencyKind.BUILDTIME, reference, seen and reference in from_lines)
