"""What happened, step by step, as a section."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import Literal

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One step: how long it took in seconds where that is known, how it went, and the chapter it belongs to."""

    name: str
    detail: str = ""
    seconds: float | None = None
    outcome: Literal["good", "bad", ""] = ""
    chapter: str = ""


class Timeline(msgspec.Struct, frozen=True):
    """Steps in order, under a title."""

    steps: tuple[Step, ...]
    title: str = "What happened"


def timeline(line: Timeline) -> str:
    """The section's inner HTML: steps below their chapters; steps in a row that were done to one thing share a line."""
    known = [step.seconds for step in line.steps if step.seconds is not None]
    total = f'<div class="meta">{len(line.steps)} steps, {_duration(sum(known))} of work</div>' if known else ""
    parts = [f"<h2>{escape(line.title)}</h2>{total}"]
    for chapter, steps in groupby(line.steps, key=lambda step: step.chapter):
        heading = f"<h3>{escape(chapter)}</h3>" if chapter else ""
        parts.append(f'{heading}<ol class="steps">{"".join(map(_line, _runs(steps)))}</ol>')
    return "".join(parts)


def _runs(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Neighbours with the same detail and no outcome, together."""
    for (detail, outcome), run in groupby(steps, key=lambda step: (step.detail, step.outcome)):
        if detail and not outcome:
            yield list(run)
        else:
            yield from ([step] for step in run)


def _line(run: list[Step]) -> str:
    if len(run) == 1:
        return _step(run[0])
    names = "".join(f'<span title="{_took(step)}">{escape(step.name)}</span>' for step in run)
    known = [step.seconds for step in run if step.seconds is not None]
    took = _duration(sum(known)) if known else ""
    return (
        f'<li><span class="name">{len(run)} steps</span><span class="detail">{escape(run[0].detail)}'
        f'<span class="run">{names}</span></span><span class="took">{took}</span></li>'
    )


def _step(step: Step) -> str:
    kind = f' class="step-{step.outcome}"' if step.outcome in {"good", "bad"} else ""
    return (
        f'<li{kind}><span class="name">{escape(step.name)}</span><span class="detail">{escape(step.detail)}</span>'
        f'<span class="took">{_took(step)}</span></li>'
    )


def _took(step: Step) -> str:
    return _duration(step.seconds) if step.seconds is not None else ""


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
