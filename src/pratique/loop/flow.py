"""Journeys carried durably, on DBOS: each step's result is in a database before the next step begins.

The only module that knows DBOS. It pins the application version (DBOS would else leave every journey of an older
build hanging), sets SQLite's write-ahead log (DBOS leaves it off), keeps results as JSON instead of pickles, retries
only what may pass, and starts journeys directly in this process, so that no queue is polled where seconds matter.
After a crash, `Flow(...)` on the same database takes up every unfinished journey. `close()` is as gentle: each journey
stops before its next step and stays unfinished. (DBOS itself would note them as failed, and never take them up again.)
"""

import contextvars
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from dbos import DBOS, SetWorkflowID
from dbos import error as dbos_errors
from sqlalchemy.exc import SQLAlchemyError

from pratique.loop.steps import Journey, Observer, Silent
from pratique.model.errors import NotFound, Unavailable

T = TypeVar("T")

# Changes only when the steps of a journey change so that half-walked ones cannot go on; see docs/adr.
FLOW_VERSION = "2"
_ATTEMPTS = 7  # with pauses of 0.5 s doubling, about half a minute
_FIRST_PAUSE = 0.5
_LOOK = 0.05  # seconds between looks at a journey that another one waits for
_UNDER_WAY = ("PENDING", "ENQUEUED")
_LAST_STEPS = 8.0  # seconds that steps which are under way may take when we close
_RECOVERIES = 1000  # a journey that met this many crashes is given up; a crash loop ends before that


class _Stopping(BaseException):
    """The engine closes. No Exception: DBOS keeps those as a journey's result, and this journey is to go on later."""


class _Steps:
    """A journey's steps on DBOS; made anew for each run of the journey."""

    def __init__(self, flow: "Flow", journey: str) -> None:
        self.journey = journey
        self._flow = flow

    def run(self, name: str, kind: type[T], act: Callable[[], T]) -> T:
        observer = self._flow.observer

        def step() -> str:
            self._flow.go_on()
            observer.started(self.journey, name)
            begun = time.monotonic()
            result = msgspec.json.encode(act()).decode()
            observer.finished(self.journey, name, time.monotonic() - begun)
            return result

        self._flow.go_on()
        try:
            kept = DBOS.run_step(
                {
                    "name": name,
                    "retries_allowed": True,
                    "max_attempts": _ATTEMPTS,
                    "interval_seconds": _FIRST_PAUSE,
                    "should_retry": _may_pass,
                },
                step,
            )
        except dbos_errors.DBOSMaxStepRetriesExceeded as error:
            last = error.errors[-1] if error.errors else error
            raise Unavailable(f"{name}: gave up after {_ATTEMPTS} attempts ({last})") from error
        return msgspec.json.decode(kept, type=kind)

    def spawn(self, journey: str, key: str, request: msgspec.Struct) -> None:
        self._flow.go_on()
        self._flow.start(journey, key, request)

    def join(self, key: str, kind: type[T]) -> T:
        while contextvars.Context().run(self._flow.status, key) in _UNDER_WAY:  # outside: a look is not a step
            self._flow.go_on()
            time.sleep(_LOOK)
        return self._flow.result(key, kind)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, Unavailable)


class Flow:
    """The engine, on one SQLite file or a PostgreSQL URL. One per process: DBOS is a process-wide singleton.

    `journeys` maps names to journeys; names are kept in the database, so they never change.
    """

    def __init__(
        self,
        database: Path | str,
        journeys: Mapping[str, Journey],
        *,
        observer: Observer | None = None,
        executor: str = "local",
    ) -> None:
        self.observer: Observer = observer or Silent()
        self._closing, self._gone = threading.Event(), threading.Event()
        self._walking = 0
        self._changed = threading.Condition()
        logging.getLogger("dbos").setLevel(logging.ERROR)
        if isinstance(database, Path):
            database.parent.mkdir(parents=True, exist_ok=True)
            _write_ahead(database)
        DBOS(
            config={
                "name": "pratique",
                "system_database_url": f"sqlite:///{database}" if isinstance(database, Path) else database,
                "application_version": FLOW_VERSION,
                "executor_id": executor,
                "log_level": "ERROR",
                "notification_listener_polling_interval_sec": 0.5,
            }
        )

        def journey(kind: str, key: str, request: str) -> str:
            self._count(1)
            try:
                result = journeys[kind](_Steps(self, key), request.encode()).decode()
            except SQLAlchemyError as error:  # what was done could not be kept: it is done again, not called a failure
                _say(f"journey {key} stopped, and goes on at the next start: {_database_says(error)}")
                raise _Stopping from None
            except Exception:
                if self._closing.is_set():
                    raise _Stopping from None
                raise
            finally:
                self._count(-1)
            if self._gone.is_set():  # what it worked with was closed under it: its result says nothing
                raise _Stopping
            return result

        self._walk = DBOS.workflow(name="journey", max_recovery_attempts=_RECOVERIES)(journey)
        DBOS.launch()

    def start(self, journey: str, key: str, request: msgspec.Struct) -> None:
        """Start a journey under `key`; one that was started before under this key is not started again.

        When this returns, the journey is in the database and will be walked to its end, whatever happens here. Raises
        Unavailable when the database cannot be written.
        """
        try:
            with SetWorkflowID(key):
                DBOS.start_workflow(self._walk, journey, key, msgspec.json.encode(request).decode())
        except SQLAlchemyError as error:
            raise Unavailable(f"journey {key} cannot begin ({_database_says(error)})", "is the disk full?") from error

    def result(self, key: str, kind: type[T]) -> T:
        """Wait for a journey's end and return its result; raises what the journey raised."""
        handle: Any = DBOS.retrieve_workflow(key)
        return msgspec.json.decode(handle.get_result(polling_interval_sec=0.1), type=kind)

    def status(self, key: str) -> str:
        """`PENDING`, `SUCCESS`, `ERROR`, ... as the engine says. Raises NotFound for a key that was never started."""
        found = DBOS.get_workflow_status(key)
        if found is None:
            raise NotFound(f"no journey {key}")
        return str(found.status)

    def unfinished(self) -> tuple[str, ...]:
        """The keys of all journeys that are under way or waiting."""
        return tuple(found.workflow_id for found in DBOS.list_workflows(status=list(_UNDER_WAY)))

    def wait(self, deadline_seconds: float) -> None:
        """Wait until no journey is under way. Raises Unavailable when that takes longer than the deadline."""
        until = time.monotonic() + deadline_seconds
        while left := self.unfinished():
            if time.monotonic() > until:
                raise Unavailable(f"journeys still under way after {deadline_seconds:.0f} s: {', '.join(left[:3])}")
            time.sleep(0.05)

    @property
    def busy(self) -> bool:
        """Whether journeys are being walked in this process; after `close`, by threads that it would wait for."""
        return self._walking > 0

    def close(self) -> None:
        """Stop carrying; unfinished journeys go on when the database is opened again.

        Waits for steps that are under way, though not for long: a process with a flow that is still `busy` then should
        be left by `os._exit`.
        """
        self._closing.set()
        with self._changed:
            busy = self._walking
            self._changed.wait_for(lambda: not self._walking, _LAST_STEPS)
        self._gone.set()
        time.sleep(_LOOK if busy else 0)  # for the engine to note what ended just now
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)

    def go_on(self) -> None:
        """Where a journey stops, when the engine closes."""
        if self._closing.is_set():
            raise _Stopping

    def _count(self, by: int) -> None:
        with self._changed:
            self._walking += by
            self._changed.notify_all()


def _database_says(error: SQLAlchemyError) -> str:
    return f"the engine's database cannot be used: {getattr(error, 'orig', None) or type(error).__name__}"


def _say(line: str) -> None:
    sys.stderr.write(f"pratique: {line}\n")


def _write_ahead(database: Path) -> None:
    connection = sqlite3.connect(database)
    try:
        connection.execute("PRAGMA journal_mode=wal")
    finally:
        connection.close()
