"""A process that carries journeys in a folder and kills itself where it is told.

`python -m tests.loop.walker FOLDER WHEN`, where WHEN is `never`, `between` (before the second new step begins, so that
the first is kept) or `unkept` (right after a step was done for the first time, before the engine keeps it). The
beginning and end of each step are appended to FOLDER/log.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from pratique.loop.flow import Flow
from pratique.loop.journeys import journeys
from pratique.loop.requests import Push, Pushed
from tests.loop.world import world

KEY = "push/the-new-base"


class Killer:
    """The observer that writes the log and pulls the trigger."""

    def __init__(self, log: Path, when: str) -> None:
        self._log, self._when = log, when
        self._done_before = {line for line in lines(log) if line.startswith("finished")}
        self._kept = 0

    def started(self, journey: str, step: str) -> None:
        if self._when == "between" and self._kept:
            os.kill(os.getpid(), signal.SIGKILL)
        self._write(f"started {journey} {step}")

    def finished(self, journey: str, step: str, seconds: float) -> None:
        line = f"finished {journey} {step}"
        self._write(line)
        self._kept += 1
        if self._when == "unkept" and line not in self._done_before:
            os.kill(os.getpid(), signal.SIGKILL)

    def _write(self, line: str) -> None:
        with self._log.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


def lines(log: Path) -> list[str]:
    """The log so far."""
    return log.read_text().splitlines() if log.exists() else []


def main(folder: Path, when: str) -> None:
    """Accept the push if it wasn't yet, and carry everything to its end or to the kill."""
    with world(folder) as parts:
        flow = Flow(folder / "flow.db", journeys(parts), observer=Killer(folder / "log", when))
        flow.start("pushed", KEY, msgspec.json.decode((folder / "push.json").read_bytes(), type=Push))
        flow.wait(60)
        (folder / "result.json").write_bytes(msgspec.json.encode(flow.result(KEY, Pushed)))
        flow.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
