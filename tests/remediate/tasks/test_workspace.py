import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pratique.model.errors import UsageError
from pratique.remediate.tasks.mask import Masker
from pratique.remediate.tasks.programs import Program, Programs
from pratique.remediate.tasks.workspace import Workspace
from tests.remediate.tasks.tasks import step, task


def test_steps_get_a_copy_without_version_control_and_special_files(tmp_path: Path) -> None:
    context = tmp_path / "context"
    (context / ".git").mkdir(parents=True)
    (context / "file").write_text("own")
    (context / "link").symlink_to("nowhere")
    os.mkfifo(context / "pipe")
    with Workspace(context / "runs", context) as workspace:
        assert sorted(path.name for path in workspace.files.iterdir()) == ["file", "link"]
        (workspace.files / "file").write_text("changed")
        root = workspace.root
    assert (context / "file").read_text() == "own"
    assert not root.exists()
    assert workspace.logs.is_dir()


def test_a_path_of_a_step_is_found_here_and_nowhere_else(tmp_path: Path) -> None:
    made = task("volumes: [{name: v, secret: {f: eA==}}]\nsteps: [{cmd: a, volumeMounts: [{name: v, mountPath: /v}]}]")
    with Workspace(tmp_path / "runs", None, made.volumes) as workspace:
        found = made.steps[0]
        assert workspace.host("x/y", found) == workspace.files / "x/y"
        assert workspace.host("/workspace", found) == workspace.files
        assert workspace.host("/v/f", found).read_bytes() == b"x\n"
        (workspace.files / "out").symlink_to("/etc")
        for path in ("..", "/etc/passwd", "out/passwd", "/workspace/../etc", "/v/../../x"):
            with pytest.raises(UsageError, match="is outside of /workspace"):
                workspace.host(path, found)


def test_what_a_killed_run_left_is_removed_and_what_runs_is_not(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from pratique.remediate.tasks.workspace import Workspace\n"
        "print(Workspace(Path(sys.argv[1]), None).root, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        root = Path(other.stdout.readline().strip())
        with Workspace(tmp_path, None):
            assert root.is_dir()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert root.is_dir()
    with Workspace(tmp_path, None):
        assert not root.exists()


def test_a_context_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        Workspace(tmp_path / "runs", tmp_path / "nowhere")


class Ran:
    """A shell script, run as a step's program."""

    def __init__(self, folder: Path, script: str, seconds: float = 20, **more: object) -> None:
        self.said: list[str] = []
        self.programs = Programs(folder, Masker(["hushhush"]), lambda name, line: self.said.append(line))
        self.program = Program(
            step=step("steps: [{cmd: a}]").id,
            command=["/bin/sh", "-c", script],
            folder=folder,
            environment={"PATH": os.environ["PATH"]},
            seconds=seconds,
            **more,  # type: ignore[arg-type]
        )
        self.began = time.monotonic()
        self.exit = self.programs.run(self.program)
        self.seconds = time.monotonic() - self.began


def test_output_is_masked_streamed_and_kept_though_it_comes_in_pieces(tmp_path: Path) -> None:
    ran = Ran(tmp_path, "printf hush; sleep 0.3; printf 'hush\\nn\\303'; sleep 0.3; printf '\\266'; exit 4")
    assert ran.said == ["***", "nö"]
    assert (tmp_path / "acb_step_0.log").read_text() == "***\nnö\n"
    assert (ran.exit.code, ran.exit.tail) == (4, "***\nnö")


def test_a_line_without_end_is_shown_in_pieces_and_still_masked(tmp_path: Path) -> None:
    ran = Ran(
        tmp_path, "head -c 200000 /dev/zero | tr '\\0' x; printf 'hushhush'; head -c 200000 /dev/zero | tr '\\0' x"
    )
    assert "".join(ran.said) == "x" * 200000 + "***" + "x" * 200000


def test_what_is_left_in_the_background_ends_with_the_program(tmp_path: Path) -> None:
    ran = Ran(tmp_path, "sleep 303 & echo done")
    assert ran.said == ["done"]
    assert ran.seconds < 10
    assert (
        "sleep 303" not in subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout
    )


def test_a_program_is_ended_in_time(tmp_path: Path) -> None:
    ran = Ran(tmp_path, "echo begun; sleep 304", seconds=0.5)
    assert ran.exit.timed_out
    assert ran.said == ["begun"]
    assert ran.seconds < 10


def test_a_quiet_program_is_heard_only_when_it_fails(tmp_path: Path) -> None:
    assert Ran(tmp_path, "echo hello", quiet=True).said == []
    assert Ran(tmp_path, "echo why; exit 1", quiet=True).said == ["why"]


def test_words_are_found_in_the_output(tmp_path: Path) -> None:
    assert Ran(tmp_path, "echo got 503 here", words=("503",)).exit.matched
    assert not Ran(tmp_path, "echo fine", words=("503",)).exit.matched
