"""The twin executor: no program runs, and time is a number that jumps to whatever ends next."""

import heapq
from collections.abc import Mapping, Sequence
from itertools import count

import msgspec

from pratique.model.digest import digest_of
from pratique.remediate.tasks.course import Act, Outcome, Verb


class Scripted(msgspec.Struct, frozen=True):
    """How one attempt of a step goes: after `seconds`, with a problem or without, with this output."""

    seconds: float = 1.0
    problem: str = ""
    output: str = ""


class InMemoryExecutor:
    """See `run.Executor`. `scripts`: by step id, how its attempts go, the last one again and again.

    `acts` lists what was begun and when; `stopped` says when everything was ended.
    """

    def __init__(self, scripts: Mapping[str, Sequence[Scripted]] | None = None) -> None:
        self._scripts = {name: list(script) for name, script in (scripts or {}).items()}
        self._waiting: list[tuple[float, int, str, Outcome]] = []
        self._numbers = count()
        self._now = 0.0
        self.acts: list[tuple[float, Act]] = []
        self.stopped: float | None = None

    def begin(self, act: Act) -> None:
        """See `Executor.begin`."""
        self.acts.append((self._now, act))
        end, outcome = self._outcome(act)
        heapq.heappush(self._waiting, (end, next(self._numbers), act.step.id, outcome))

    def next(self) -> tuple[str, Outcome]:
        """See `Executor.next`: time jumps to the earliest end."""
        self._now, _, identifier, outcome = heapq.heappop(self._waiting)
        return identifier, outcome

    def now(self) -> float:
        """See `Executor.now`."""
        return self._now

    def stop(self) -> None:
        """See `Executor.stop`."""
        self.stopped = self._now
        self._waiting.clear()

    def began(self, identifier: str, verb: Verb | None = None) -> list[float]:
        """When acts of a step began, waits left out unless asked for."""
        return [
            when
            for when, act in self.acts
            if act.step.id == identifier and (act.verb is verb if verb else act.verb is not Verb.WAIT)
        ]

    def _outcome(self, act: Act) -> tuple[float, Outcome]:
        if act.verb is Verb.WAIT:
            end = self._now + act.seconds
            return end, Outcome(end)
        script = self._scripts.get(act.step.id, [Scripted()])
        went = script.pop(0) if len(script) > 1 else script[0]
        if act.step.detach:
            return self._now, Outcome(self._now)
        if went.seconds > act.seconds:
            end = self._now + act.seconds
            return end, Outcome(end, f"took more than {act.step.timeout} s", timed_out=True)
        end = self._now + went.seconds
        matched = any(word in went.output for word in act.step.retry_on_errors)
        digest = digest_of(act.image.encode()) if act.verb is Verb.PUSH and not went.problem else None
        return end, Outcome(end, went.problem, matched, digest=digest)
