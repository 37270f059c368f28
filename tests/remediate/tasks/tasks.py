"""Tasks for tests: text in, task out; and runs of it on the twin or on buildah."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pratique.remediate.tasks.buildah_store import Settings
from pratique.remediate.tasks.executor_buildah import BuildahExecutor
from pratique.remediate.tasks.in_memory import InMemoryExecutor, Scripted
from pratique.remediate.tasks.prepare import Inputs, Prepared, Secrets, prepare, ready
from pratique.remediate.tasks.run import RunResult, Status, run
from pratique.remediate.tasks.task import Step, Task
from pratique.remediate.tasks.values import RunVariables
from pratique.remediate.tasks.workspace import Workspace

NOW = datetime(2026, 8, 20, 22, 11, 14, tzinfo=UTC)
RUN = RunVariables(id="cb1", registry="contoso.azurecr.io", date="20260820-221114z", commit="c0ffee", branch="main")


def prepared(text: str, secrets: Secrets | None = None, **values: object) -> Prepared:
    return prepare(text, "acb.yaml", Inputs(now=NOW, run=RUN, values=values), secrets)


def task(text: str, **values: object) -> Task:
    return ready(prepared(text, None, **values))


def step(text: str, **values: object) -> Step:
    """The only step of a task."""
    (only,) = task(text, **values).steps
    return only


def problems(text: str) -> list[str]:
    return [str(problem) for problem in prepared(text).problems]


class Twin:
    """A task, run on the twin."""

    def __init__(self, text: str, **scripts: Sequence[Scripted]) -> None:
        self.executor = InMemoryExecutor({name.replace("_", "-"): script for name, script in scripts.items()})
        self.seen: list[tuple[str, str]] = []
        self.result: RunResult = run(task(text), self.executor, lambda step, what: self.seen.append((step, what)))
        self.status: Mapping[str, Status] = {step.id: step.status for step in self.result.steps}

    def began(self, identifier: str) -> list[float]:
        return self.executor.began(identifier)


class Real:
    """A task, run by buildah; `lines` are what its steps said."""

    def __init__(self, text: str, folder: Path, context: Path | None = None, settings: Settings | None = None) -> None:
        found = prepared(text)
        made = ready(found)
        said: list[tuple[str, str]] = []
        with Workspace(folder, context, made.volumes) as workspace:
            self.executor = BuildahExecutor(
                made, workspace, settings, secrets=found.secrets, sink=lambda step, line: said.append((step, line))
            )
            self.result = run(made, self.executor)
            self.files = {
                str(path.relative_to(workspace.files)): path.read_text(errors="replace")
                for path in sorted(workspace.files.rglob("*"))
                if path.is_file()
            }
            self.logs = workspace.logs
        self._said = said
        self.status = {step.id: step.status for step in self.result.steps}

    def lines(self, identifier: str) -> list[str]:
        return [line for step, line in self._said if step == identifier]

    def text(self, identifier: str) -> str:
        return "\n".join(self.lines(identifier))
