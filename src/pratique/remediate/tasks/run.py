"""Run a task: ready steps at once, the first failure stops everything (acb's builder.RunTask).

One thread decides; the executor does what it is told, in parallel where it is told several things before it is asked
what ended next. So the same engine runs on a real builder and, in a virtual time, on its twin.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec

from pratique.remediate.tasks.course import Act, Course, Ended, Outcome, Pushed, course
from pratique.remediate.tasks.graph import Graph, graph
from pratique.remediate.tasks.task import Step, Task


class Status(StrEnum):
    """ACR's words; `cancelled` is what ran when another step failed."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class Executor(Protocol):
    """Does the acts of steps."""

    def begin(self, act: Act) -> None:
        """Start an act; of each step one at a time. How it went comes out of `next`."""

    def next(self) -> tuple[str, Outcome]:
        """Wait until an act ends: the step's id and the outcome."""

    def now(self) -> float:
        """The executor's clock in seconds."""

    def stop(self) -> None:
        """End everything that runs, detached containers too."""


class StepResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one step. `started` and `seconds` are the executor's; a step that ignores errors is successful."""

    id: str
    status: Status
    started: float = 0.0
    seconds: float = 0.0
    attempts: int = 0
    problems: tuple[str, ...] = ()
    pushed: tuple[Pushed, ...] = ()


class RunResult(msgspec.Struct, frozen=True):
    """What became of a task: its steps in the order of the file."""

    steps: tuple[StepResult, ...]

    @property
    def successful(self) -> bool:
        """Whether nothing failed."""
        return all(step.status is Status.SUCCESSFUL for step in self.steps)

    @property
    def pushed(self) -> tuple[Pushed, ...]:
        """All images that were published."""
        return tuple(image for step in self.steps for image in step.pushed)

    @property
    def failure(self) -> str:
        """Which step failed and why; empty when none did."""
        failed = next((step for step in self.steps if step.status is Status.FAILED), None)
        return f"step {failed.id} failed: {'; '.join(failed.problems)}" if failed else ""


Observe = Callable[[str, str], None]  # a step's id, and what happens to it


def run(task: Task, executor: Executor, observe: Observe = lambda step, what: None) -> RunResult:
    """Run all steps, to the end or to the first failure. Raises UsageError for a graph that cannot run."""
    engine = _Engine(task, graph(task.steps), executor, observe)
    try:
        return engine.run()
    finally:
        executor.stop()


class _Engine:
    def __init__(self, task: Task, order: Graph, executor: Executor, observe: Observe) -> None:
        self._steps = {step.id: step for step in task.steps}
        self._order, self._executor, self._observe = order, executor, observe
        self._results: dict[str, StepResult] = {}
        self._running: dict[str, Course] = {}
        self._started: dict[str, float] = {}

    def run(self) -> RunResult:
        self._start_ready()
        while self._running:
            identifier, outcome = self._executor.next()
            self._go_on(identifier, outcome)
            if self._results.get(identifier, StepResult("", Status.SUCCESSFUL)).status is Status.FAILED:
                self._cancel()
                break
            self._start_ready()
        return RunResult(tuple(self._results.get(name, StepResult(name, Status.SKIPPED)) for name in self._steps))

    def _start_ready(self) -> None:
        for name, step in self._steps.items():
            if name not in self._started and all(before in self._results for before in self._order.after[name]):
                self._start(step)

    def _start(self, step: Step) -> None:
        now = self._executor.now()
        self._started[step.id] = now
        self._observe(step.id, "started")
        self._running[step.id] = course(step, now)
        self._executor.begin(next(self._running[step.id]))

    def _go_on(self, identifier: str, outcome: Outcome) -> None:
        try:
            self._executor.begin(self._running[identifier].send(outcome))
        except StopIteration as ended:
            del self._running[identifier]
            self._settle(identifier, ended.value)

    def _settle(self, identifier: str, ended: Ended) -> None:
        fine = not ended.problems or self._steps[identifier].ignore_errors
        status = Status.SUCCESSFUL if fine else Status.FAILED
        self._results[identifier] = self._result(identifier, status, ended)
        word = f"failed, and ignores errors: {'; '.join(ended.problems)}" if fine and ended.problems else status.value
        self._observe(identifier, word)

    def _cancel(self) -> None:
        for name in self._running:
            self._results[name] = self._result(name, Status.CANCELLED, Ended())
            self._observe(name, Status.CANCELLED.value)
        self._running.clear()

    def _result(self, identifier: str, status: Status, ended: Ended) -> StepResult:
        started = self._started[identifier]
        seconds = round(self._executor.now() - started, 3)
        return StepResult(identifier, status, started, seconds, ended.attempts, ended.problems, ended.pushed)
