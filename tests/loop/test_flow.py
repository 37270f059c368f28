"""The engine: what it keeps, what it repeats, what it gives up. One process, one engine: these tests share a group."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.machine import PROJECT

HEADER = """
import sys, time
from pathlib import Path
import msgspec
from pratique.loop.flow import Flow
from pratique.model.errors import InvalidData, NotFound, Unavailable

class Ask(msgspec.Struct):
    number: int = 0

def encode(value): return msgspec.json.encode(value)
"""


def play(folder: Path, script: str) -> str:
    """Run a script in a process of its own (the engine is one to a process); what it printed."""
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::ResourceWarning",
            "-c",
            HEADER + textwrap.dedent(script),
            str(folder / "flow.db"),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_same_key_is_one_journey(tmp_path: Path) -> None:
    printed = play(
        tmp_path,
        """
        def count(steps, request):
            return encode(steps.run("count", int, lambda: print("done") or 7))
        flow = Flow(Path(sys.argv[1]), {"count": count})
        for _ in range(3):
            flow.start("count", "key", Ask())
        print(flow.result("key", int), flow.status("key"), flow.unfinished())
        flow.close()
        """,
    )
    assert printed == "done\n7 SUCCESS ()\n"


def test_what_may_pass_is_tried_again_and_all_else_is_not(tmp_path: Path) -> None:
    printed = play(
        tmp_path,
        """
        tries = {"busy": 0, "wrong": 0}
        def act(kind, error):
            tries[kind] += 1
            if tries[kind] < 3:
                raise error
            return tries[kind]
        def busy(steps, request):
            return encode(steps.run("ask", int, lambda: act("busy", Unavailable("busy", "wait", 1.0))))
        def wrong(steps, request):
            return encode(steps.run("ask", int, lambda: act("wrong", InvalidData("not an image", "push it again"))))
        flow = Flow(Path(sys.argv[1]), {"busy": busy, "wrong": wrong})
        flow.start("busy", "b", Ask())
        flow.start("wrong", "w", Ask())
        print(flow.result("b", int))
        try:
            flow.result("w", int)
        except InvalidData as error:
            print(error)
        print(tries)
        flow.close()
        """,
    )
    assert printed == "3\nnot an image: push it again\n{'busy': 3, 'wrong': 1}\n"


def test_an_error_that_a_journey_catches_is_the_same_when_it_is_taken_up_again(tmp_path: Path) -> None:
    script = """
        import os, signal
        def walk(steps, request):
            try:
                steps.run("fails", int, lambda: (_ for _ in ()).throw(NotFound("no such tag", "push it")))
            except NotFound as error:
                caught = str(error)
            def last():
                if KILL:
                    os.kill(os.getpid(), signal.SIGKILL)
                return caught
            return encode(steps.run("last", str, last))
        flow = Flow(Path(sys.argv[1]), {"walk": walk})
        flow.start("walk", "key", Ask())
        print(flow.result("key", str))
        flow.close()
    """
    with pytest.raises(AssertionError):
        play(tmp_path, "KILL = True" + textwrap.dedent(script).replace("\n        ", "\n"))
    assert play(tmp_path, "KILL = False" + textwrap.dedent(script)) == "no such tag: push it\n"


def test_an_unknown_key_is_not_found(tmp_path: Path) -> None:
    printed = play(
        tmp_path,
        """
        flow = Flow(Path(sys.argv[1]), {})
        try:
            flow.status("nobody")
        except NotFound as error:
            print(error)
        flow.close()
        """,
    )
    assert printed == "no journey nobody\n"


def test_the_database_is_in_write_ahead_mode_and_pins_its_version(tmp_path: Path) -> None:
    printed = play(
        tmp_path,
        """
        import sqlite3
        flow = Flow(Path(sys.argv[1]), {"one": lambda steps, request: encode(1)})
        flow.start("one", "k", Ask())
        flow.result("k", int)
        flow.close()
        with sqlite3.connect(sys.argv[1]) as database:
            print(*database.execute("PRAGMA journal_mode").fetchone())
            print(*database.execute("SELECT DISTINCT application_version FROM workflow_status").fetchone())
        database.close()
        """,
    )
    assert printed == "wal\n2\n"


def test_closing_leaves_a_journey_unfinished_before_its_next_step_and_it_goes_on_later(tmp_path: Path) -> None:
    script = """
        import threading
        begun = threading.Event()
        def child(steps, request):
            def first():
                begun.set()
                time.sleep(0.3)
                print("first", flush=True)
                return 1
            steps.run("first", int, first)
            return encode(steps.run("second", int, lambda: print("second", flush=True) or 2))
        def parent(steps, request):
            steps.spawn("child", "child", Ask())
            return encode(steps.join("child", int))
        flow = Flow(Path(sys.argv[1]), {"parent": parent, "child": child})
        if AGAIN:
            print(flow.result("parent", int), flow.unfinished())
        else:
            flow.start("parent", "parent", Ask())
            begun.wait(10)
        flow.close()
        print(flow.busy)
    """
    script = textwrap.dedent(script)
    assert play(tmp_path, "AGAIN = False" + script) == "first\nFalse\n"
    assert play(tmp_path, "AGAIN = True" + script) == "second\n2 ()\nFalse\n"


def test_a_step_that_takes_long_is_not_waited_for_and_done_again(tmp_path: Path) -> None:
    script = """
        import os
        from pratique.loop import flow as module
        module._LAST_STEPS = 0.2
        def walk(steps, request):
            steps.run("long", int, lambda: time.sleep(0 if AGAIN else 60) or 1)
            return encode(2)
        flow = Flow(Path(sys.argv[1]), {"walk": walk})
        if AGAIN:
            print(flow.result("key", int))
        else:
            flow.start("walk", "key", Ask())
            time.sleep(0.3)
        flow.close()
        print(flow.busy, flush=True)
        os._exit(0)
    """
    script = textwrap.dedent(script)
    assert play(tmp_path, "AGAIN = False" + script) == "True\n"
    assert play(tmp_path, "AGAIN = True" + script) == "2\nFalse\n"


def test_what_the_engine_cannot_keep_is_no_failure_of_the_journey(tmp_path: Path) -> None:
    script = """
        import sqlite3
        def fill(full):
            connection = sqlite3.connect(sys.argv[1], isolation_level=None)
            drop, make = "DROP TRIGGER IF EXISTS full", "CREATE TRIGGER full BEFORE INSERT ON operation_outputs"
            connection.execute(make + " BEGIN SELECT RAISE(ABORT, 'disk full'); END" if full else drop)
            connection.close()
        def walk(steps, request):
            first = steps.run("first", int, lambda: print("first", flush=True) or 1)
            return encode(first + 1)
        flow = Flow(Path(sys.argv[1]), {"walk": walk})
        if AGAIN:
            print(flow.result("key", int))
        else:
            fill(True)
            flow.start("walk", "key", Ask())
            time.sleep(1)
            fill(False)
            print(flow.status("key"))
        flow.close()
    """
    script = textwrap.dedent(script)
    assert play(tmp_path, "AGAIN = False" + script) == "first\nPENDING\n"
    assert play(tmp_path, "AGAIN = True" + script) == "first\n2\n"
