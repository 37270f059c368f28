"""The demo's voice: chapters and timed steps, printed as they happen and kept for the report."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.markup import escape


class Entry(msgspec.Struct, frozen=True):
    """One line of the timeline: its chapter, what was done, what came of it, and how long it took (s)."""

    chapter: str
    name: str
    detail: str
    seconds: float | None = None
    good: bool | None = None


class Note:
    """What a timed step has to say at its end."""

    def __init__(self) -> None:
        self.detail = ""
        self.good: bool | None = None


@dataclass
class Timeline:
    """Prints and remembers. Several threads may speak; each line comes out whole."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    entries: list[Entry] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    _chapter: str = ""

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapter = title
        self.console.print(f"\n[bold cyan]{escape(title)}[/]")

    def say(self, text: str, style: str = "") -> None:
        """A line that is not a step."""
        self.console.print(f"     {escape(text)}", style=style or None)

    def step(self, name: str, detail: str, seconds: float | None = None, good: bool | None = None) -> None:
        """One step that was done."""
        self.entries.append(Entry(self._chapter, name, detail, seconds, good))
        mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: " "}[good]
        took = f"{_duration(seconds):>8}" if seconds is not None else " " * 8
        self.console.print(f"  {mark}  [dim]{took}[/]  [bold]{escape(name):<12}[/] {escape(detail)}")

    def steps(self, subject: str, done: Sequence[tuple[str, float]]) -> None:
        """Several quick steps on one subject: one line for people, one entry each for the report."""
        self.entries += [Entry(self._chapter, name, subject, seconds) for name, seconds in done]
        took = f"{_duration(sum(seconds for _, seconds in done)):>8}"
        names = " → ".join(name if seconds < 0.001 else f"{name} {_duration(seconds)}" for name, seconds in done)
        self.console.print(f"     [dim]{took}[/]  {'':<12} [dim]{escape(names)}[/]")

    @contextmanager
    def timed(self, name: str) -> Iterator[Note]:
        """A step that is timed; fill the note before the end."""
        note, begun = Note(), time.monotonic()
        yield note
        self.step(name, note.detail, time.monotonic() - begun, note.good)

    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.begun


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
