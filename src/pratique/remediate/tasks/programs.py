"""Programs of steps: in groups of their own, their output masked, kept and streamed; ended in time, and all at once.

A line longer than 64 KiB comes in pieces.
"""

import codecs
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from pratique.model.errors import PratiqueError
from pratique.remediate.tasks.mask import Masker

_PIECE = 1 << 16
_PAUSE = 0.1  # seconds between looks at a program that says nothing

Sink = Callable[[str, str], None]  # a step's id and a line of its output, masked


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to run, for which step. `words`: output to look for; `seconds`: how long it may take.

    A quiet one is heard only when it fails.
    """

    step: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    seconds: float
    words: tuple[str, ...] = ()
    quiet: bool = False


class Exit(msgspec.Struct, frozen=True):
    """How a program ended: its code (negative: the signal), whether we ended it, whether a word was in its output."""

    code: int
    timed_out: bool = False
    matched: bool = False
    tail: str = ""


class Programs:
    """Runs programs for one run of a task. `logs` gets a file for each step."""

    def __init__(self, logs: Path, masker: Masker, sink: Sink) -> None:
        self._logs, self._masker, self._sink = logs, masker, sink
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._detached: list[threading.Thread] = []
        self.stopped = threading.Event()

    def run(self, program: Program) -> Exit:
        """Run to the end, to the end of its time, or until `stop`. Raises PratiqueError where it cannot start."""
        process = self._start(program)
        return _Reader(self, process, program, self._masker).read(time.monotonic() + program.seconds)

    def detach(self, program: Program) -> None:
        """Start, and leave it running until `stop`; its output is kept as that of others."""
        process = self._start(program)
        reader = _Reader(self, process, program, self._masker)
        thread = threading.Thread(target=reader.read, args=(float("inf"),), name=f"step {program.step}", daemon=True)
        thread.start()
        self._detached.append(thread)

    def note(self, step: str, text: str) -> None:
        """Say something about a step in its log."""
        self.show(step, text.splitlines())

    def stop(self) -> None:
        """End all programs of this run, and wait until they are gone."""
        self.stopped.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            _kill(process)
        for thread in self._detached:
            thread.join(10)

    def show(self, step: str, lines: Sequence[str]) -> None:
        """Lines of a step into its log and out."""
        with self._lock:
            with (self._logs / f"{step}.log").open("a") as file:
                file.writelines(f"{line}\n" for line in lines)
            for line in lines:
                self._sink(step, line)

    def forget(self, process: "subprocess.Popen[bytes]") -> None:
        """A program that has ended."""
        with self._lock:
            self._running.discard(process)

    def _start(self, program: Program) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self.stopped.is_set():
                raise PratiqueError("the run was stopped")
            try:
                process = subprocess.Popen(
                    program.command,
                    cwd=program.folder,
                    env=dict(program.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise PratiqueError(f"cannot run {program.command[0]}: {error.strerror}") from None
            self._running.add(process)
        return process


class _Reader:
    def __init__(
        self, programs: Programs, process: "subprocess.Popen[bytes]", program: Program, masker: Masker
    ) -> None:
        self._programs, self._process, self._program, self._masker = programs, process, program, masker
        self._matched = self._timed_out = False
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail: list[str] = []
        self._unsaid: list[str] = []

    def read(self, deadline: float) -> Exit:
        output = self._process.stdout
        if output is None:
            raise PratiqueError("a program without output")
        try:
            with output, selectors.DefaultSelector() as selector:
                selector.register(output, selectors.EVENT_READ)
                while self._piece(output, selector, deadline):
                    pass
        finally:
            _kill(self._process)  # what it left running in the background ends with it, as a container's does
            code = self._process.wait()
            self._programs.forget(self._process)
        self._show(self._held, end=True)
        if self._unsaid and code:
            self._programs.show(self._program.step, self._unsaid)
        return Exit(code, self._timed_out, self._matched, "\n".join(self._tail))

    def _piece(self, output: IO[bytes], selector: selectors.BaseSelector, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0:
            self._timed_out = True
            return False
        ended = self._process.poll() is not None  # asked first: what it said before is in the pipe by then
        if selector.select(0 if ended else min(_PAUSE, left)):
            data = os.read(output.fileno(), _PIECE)
            self._held += self._decoder.decode(data)
            self._cut()
            return bool(data)
        return not ended  # somebody else may still hold its output; that is not waited for

    def _cut(self) -> None:
        complete, newline, rest = self._held.rpartition("\n")
        if newline:
            self._show(complete)
            self._held = rest
        if len(self._held) > _PIECE:
            shown, self._held = self._masker.cut(self._held)
            self._show(shown)

    def _show(self, text: str, end: bool = False) -> None:
        if end and not text:
            return
        self._matched = self._matched or any(word in text for word in self._program.words)
        lines = self._masker.mask(text).split("\n")
        self._tail = (self._tail + lines)[-5:]
        said = [line.rstrip("\r") for line in lines]
        if self._program.quiet:
            self._unsaid = (self._unsaid + said)[-100:]
        else:
            self._programs.show(self._program.step, said)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
