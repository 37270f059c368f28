"""How one step runs: delay, attempts, repeats, retries, within its time. Pure: it says what to do, and is told the end.

A course is a generator of acts; the outcome of each is sent back in, with what time it is. (acb's builder.runStep and
procmanager.RunRepeatWithRetries; the step's clock starts after startDelay, and covers retries and repeats.)
"""

from collections.abc import Generator
from enum import StrEnum

import msgspec

from pratique.model.digest import Digest
from pratique.remediate.tasks.task import Kind, Step

PUSHES = 3  # attempts for each image; a step's own retries are not for pushes
_BACK_OFF = 1.0  # seconds, doubled each time


class Verb(StrEnum):
    """What an executor can do."""

    WAIT = "wait"
    BUILD = "build"
    PULL = "pull"
    PUSH = "push"
    RUN = "run"


class Act(msgspec.Struct, frozen=True):
    """One thing to do for a step: wait `seconds`, or anything else in at most `seconds`; `image`: what to push."""

    verb: Verb
    step: Step
    seconds: float
    image: str = ""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an act went. `problem` is empty when well; `matched`: the output had one of the step's retryOnErrors.

    `now` is the executor's clock in seconds; `digest` is what a push made.
    """

    now: float
    problem: str = ""
    matched: bool = False
    timed_out: bool = False
    digest: Digest | None = None


class Pushed(msgspec.Struct, frozen=True):
    """An image that a push step published."""

    image: str
    digest: Digest


class Ended(msgspec.Struct, frozen=True):
    """What became of a step: all problems, how many attempts were made, what was pushed."""

    problems: tuple[str, ...] = ()
    attempts: int = 0
    pushed: tuple[Pushed, ...] = ()


Course = Generator[Act, Outcome, Ended]


def course(step: Step, now: float) -> Course:
    """The acts of a step that starts at `now`."""
    if step.start_delay:
        now = (yield Act(Verb.WAIT, step, step.start_delay)).now
    return (yield from _Course(step, now).run())


class _Course:
    def __init__(self, step: Step, now: float) -> None:
        self.step, self.now = step, now
        self.deadline = now + step.timeout
        self.problems: list[str] = []
        self.pushed: list[Pushed] = []
        self.attempts = 0

    def run(self) -> Course:
        if self.step.kind is Kind.PUSH:
            yield from self._pushes()
        else:
            yield from self._rounds()
        return Ended(tuple(self.problems), self.attempts, tuple(self.pushed))

    def _rounds(self) -> Course:
        if self.step.pull:
            delay, tries = self.step.download_retry_delay, self.step.download_retries
            if (yield from self._tried(Verb.PULL, "", tries, delay, any_error=True)) is None:
                return Ended()
        verb = Verb.BUILD if self.step.kind is Kind.BUILD else Verb.RUN
        for _ in range(self.step.repeat + 1):
            if not self._left():
                self.problems = self.problems or [f"took more than {self.step.timeout} s"]
                break
            yield from self._tried(verb, "", self.step.retries, self.step.retry_delay)
        return Ended()

    def _pushes(self) -> Course:
        for image in self.step.push:
            done = yield from self._tried(Verb.PUSH, image, PUSHES - 1, _BACK_OFF, any_error=True, growing=True)
            if done is None:
                return Ended()
            if done.digest:
                self.pushed.append(Pushed(image, done.digest))
        return Ended()

    def _tried(
        self, verb: Verb, image: str, retries: int, delay: float, *, any_error: bool = False, growing: bool = False
    ) -> Generator[Act, Outcome, Outcome | None]:
        """The outcome of the attempt that went well; None, with the problem noted, when none did."""
        for attempt in range(retries + 1):
            outcome = yield Act(verb, self.step, self._left(), image)
            self.attempts += 1
            self.now = outcome.now
            if not outcome.problem:
                return outcome
            again = attempt < retries and not outcome.timed_out and (any_error or self._may_retry(outcome))
            pause = delay * (2**attempt if growing else 1)
            if not again or pause >= self._left():
                self.problems.append(outcome.problem)
                return None
            if pause:
                self.now = (yield Act(Verb.WAIT, self.step, pause)).now
        return None

    def _may_retry(self, outcome: Outcome) -> bool:
        return outcome.matched or not self.step.retry_on_errors

    def _left(self) -> float:
        return max(0.0, self.deadline - self.now)
