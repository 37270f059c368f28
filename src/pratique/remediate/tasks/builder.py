"""A task file as the build definition of an image: run, and what it pushes to the image's repository is the result.

Nothing that anybody uses is touched: pushes to that repository go under the tag that is asked for, whatever tags the
task gives; pushes elsewhere are left out, and the log says so.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pratique.model.descriptor import Platform
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, UsageError
from pratique.model.reference import Reference
from pratique.remediate.builder import Builder, BuildFailed, Built
from pratique.remediate.definition import BuildDefinition
from pratique.remediate.tasks.buildah_store import Settings
from pratique.remediate.tasks.dependencies import dependencies
from pratique.remediate.tasks.executor_buildah import BuildahExecutor, Push
from pratique.remediate.tasks.files import dockerfiles_below, is_task_file, read_task_file, reader_below
from pratique.remediate.tasks.prepare import Inputs, Prepared, Secrets, prepare, ready
from pratique.remediate.tasks.run import run
from pratique.remediate.tasks.task import Task
from pratique.remediate.tasks.values import RunVariables, date_of
from pratique.remediate.tasks.workspace import Workspace

_SHOWN = 15  # lines of the log in an error


class TaskBuilder:
    """A `Builder` for task files; every other definition goes to `builder`. `folder` is where runs and logs are.

    A definition's `build_args` are the task's values. `now` is the clock; `secrets` finds the task's.
    """

    def __init__(
        self,
        builder: Builder,
        folder: Path,
        now: Callable[[], datetime],
        *,
        settings: Settings | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._builder, self._folder, self._now, self._secrets = builder, folder, now, secrets
        self._settings = settings or Settings()

    def build(self, definition: BuildDefinition, target: Reference, bases: Mapping[Reference, Digest]) -> Built:
        """See `Builder.build`."""
        if not is_task_file(definition.dockerfile):
            return self._builder.build(definition, target, bases)
        if target.tag is None:
            raise UsageError(f"nothing to publish under: {target} has no tag")
        prepared = self._prepared(definition, target)
        task = ready(prepared)
        _check_bases(task, definition, bases)
        return self._run(task, prepared.secrets, definition, target, bases)

    def _prepared(self, definition: BuildDefinition, target: Reference) -> Prepared:
        now, platform = self._now(), definition.platform or Platform()
        variables = RunVariables(
            id=target.tag or "",
            triggered_by="Image Update",
            registry=target.registry,
            date=date_of(now),
            os=platform.os,
            architecture=platform.architecture,
        )
        path = definition.dockerfile
        inputs = Inputs(now=now, run=variables, values=dict(definition.build_args))
        reads = reader_below(definition.context)
        return prepare(read_task_file(path), path.name, inputs, self._secrets, reads)

    def _run(
        self,
        task: Task,
        secrets: tuple[str, ...],
        definition: BuildDefinition,
        target: Reference,
        bases: Mapping[Reference, Digest],
    ) -> Built:
        import msgspec

        def destination(reference: Reference) -> Reference | None:
            return target if reference.name == target.name else None

        settings = msgspec.structs.replace(self._settings, pins=dict(bases), destination=destination)
        with Workspace(self._folder, definition.context, task.volumes) as workspace:
            log = workspace.logs.with_suffix(".log")
            with log.open("w") as file:
                executor = BuildahExecutor(
                    task, workspace, settings, secrets=secrets, sink=lambda step, line: print(step, line, file=file)
                )
                result = run(task, executor)
        if not result.successful:
            raise BuildFailed(f"building {target} by {task.name}: {result.failure}", _tail(log), log)
        return Built(_only(executor.pushed, target, task, log), log)


def _check_bases(task: Task, definition: BuildDefinition, bases: Mapping[Reference, Digest]) -> None:
    """A plan cannot come to nothing unseen: every planned base is one that the task builds on."""
    found = dependencies(task, dockerfiles_below(definition.context))
    if found.unread and bases:
        raise InvalidData(f"what {task.name} builds on cannot be told: {found.unread[0].reason}")
    used = {each.reference for each in found.found}
    names = used | {Reference(each.registry, each.repository, each.tag) for each in used}
    unused = sorted(str(reference) for reference in bases if reference not in names)
    if unused:
        raise UsageError(f"the task {task.name} does not build on {unused[0]}", "give the base as its FROM line does")


def _only(pushed: list[Push], target: Reference, task: Task, log: Path) -> Digest:
    digests = {push.digest for push in pushed if push.target == target}
    if len(digests) != 1:
        number = "nothing" if not digests else f"{len(digests)} different images"
        raise BuildFailed(f"{task.name} pushes {number} to {target.name}", _tail(log), log)
    return digests.pop()


def _tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([*lines[-_SHOWN:], f"the whole log is in {log}"])
