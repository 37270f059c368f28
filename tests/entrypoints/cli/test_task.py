import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.reference import Reference
from pratique.registry.images import load
from pratique.registry.remote import RemoteRegistry
from tests.remediate.tasks.shell_image import push_shell
from tests.support.machine import require, require_root

Capture = pytest.CaptureFixture[str]
TASK = """\
version: v1.1.0
steps:
  - id: build
    build: -t $Registry/app:$ID --build-arg WORD={{.Values.word}} .
  - id: check
    cmd: bash -c 'test -f file'
    when: ["-"]
  - push: [$Registry/app:$ID]
    when: [build, check]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acb.yaml").write_text(TASK)
    (tmp_path / "Dockerfile").write_text(
        "ARG TAG=1\nFROM r.test/sdk:1 AS sdk\nFROM r.test/base:$TAG\nCOPY --from=sdk / /\n"
    )
    (tmp_path / "file").write_text("own")
    return tmp_path


def test_lint_is_quiet_about_what_is_well(folder: Path, capsys: Capture) -> None:
    assert main(["task", "lint", str(folder / "acb.yaml")]) == 0
    assert capsys.readouterr().out == ""


def test_lint_says_line_and_column_and_exits_with_one(folder: Path, capsys: Capture) -> None:
    file = folder / "acb.yaml"
    file.write_text(TASK.replace("[build, check]", "[biuld]") + "    retires: 3\n")
    assert main(["task", "lint", str(file)]) == 1
    assert capsys.readouterr().out == (
        f"{file}:8:5: error: acb_step_2 waits for 'biuld', and there is no such step (did you mean build?)\n"
        f"{file}:10:5: warning: unknown key 'retires' in a step (did you mean retries?)\n"
    )


def test_warnings_are_errors_only_if_strict(folder: Path, capsys: Capture) -> None:
    file = folder / "acb.yaml"
    file.write_text(TASK + "    retires: 3\n")
    assert main(["task", "lint", str(file)]) == 0
    assert main(["task", "lint", str(file), "--strict", "-f", "json"]) == 1
    out = capsys.readouterr().out
    (problem,) = json.loads(out[out.index("[\n") :])
    assert (problem["place"]["line"], problem["error"]) == (10, False)


def test_the_graph_is_shown_in_levels_and_drawn(folder: Path, capsys: Capture) -> None:
    file = str(folder / "acb.yaml")
    assert main(["task", "graph", file]) == 0
    assert capsys.readouterr().out == "1  build  build\n1  check  cmd\n2  acb_step_2  push  after build, check\n"
    assert main(["task", "graph", file, "-f", "dot"]) == 0
    assert '"check" -> "acb_step_2";' in capsys.readouterr().out
    assert main(["task", "graph", file, "-f", "mermaid"]) == 0
    assert "s0 --> s2" in capsys.readouterr().out
    assert main(["task", "graph", file, "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["levels"] == [["build", "check"], ["acb_step_2"]]


def test_a_drawing_holds_whatever_an_id_is(folder: Path, capsys: Capture) -> None:
    (folder / "odd.yaml").write_text("""steps: [{id: 'a"b\\', cmd: x}]""")
    assert main(["task", "graph", str(folder / "odd.yaml"), "-f", "dot"]) == 0
    assert capsys.readouterr().out == 'digraph task {\n  "a\\"b\\\\" [label="a\\"b\\\\\\ncmd"];\n}\n'
    assert main(["task", "graph", str(folder / "odd.yaml"), "-f", "mermaid"]) == 0
    assert 's0["a#quot;b\\ (cmd)"]' in capsys.readouterr().out


def test_dependencies_are_listed(folder: Path, capsys: Capture) -> None:
    alias = ["--alias", "bash=r.test/bash:5"]
    assert main(["task", "dependencies", str(folder / "acb.yaml"), str(folder), *alias]) == 0
    assert capsys.readouterr().out == (
        "build  RunTime  r.test/base:1\n"
        "build  BuildTime  r.test/sdk:1\n"
        "check  Command  r.test/bash:5  (not tracked by ACR)\n"
    )


def test_a_dry_run_shows_what_would_run_with_everything_filled_in_and_secrets_masked(
    folder: Path, capsys: Capture
) -> None:
    (folder / "values.yaml").write_text("word: from-file\n")
    run = ["task", "run", str(folder / "acb.yaml"), str(folder), "--dry-run", "--registry", "r.test", "--id", "7"]
    assert main([*run, "--values", str(folder / "values.yaml"), "--alias", "bash=r.test/bash:5"]) == 0
    assert capsys.readouterr().out == (
        "1  build  build -t r.test/app:7 --build-arg WORD=from-file .\n"
        "1  check  cmd r.test/bash:5 -c 'test -f file'\n"
        "2  acb_step_2  push r.test/app:7\n"
    )
    assert main([*run, "--values", str(folder / "values.yaml"), "--set", "word=set"]) == 0
    assert "WORD=set" in capsys.readouterr().out
    assert main([*run, "--set-secret", "word=hidden"]) == 0
    assert "WORD=***" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["{acb}"], "give FILE and CONTEXT"),
        (["{acb}", "{folder}/nowhere"], "is not a folder"),
        (["{folder}/none.yaml", "{folder}"], "cannot read"),
        (["-f", "Dockerfile", "{acb}", "{folder}"], "give CONTEXT"),
        (["-f", "Dockerfile", "--cmd", "x", "{folder}"], "give one of them"),
        (["-f", "Dockerfile", "-t", "x", "{folder}"], "give it with --registry"),
        (["{acb}", "{folder}"], "give it with --registry"),
        (["{acb}", "{folder}", "--registry", "r.test", "--set", "x"], "write it as --set NAME=VALUE"),
        (["{acb}", "{folder}", "--registry", "r.test", "--secret", "x"], "write it as --secret NAME=VALUE"),
        (["--cmd", " ", "{folder}"], "no command to run"),
    ],
)
def test_a_request_that_is_wrong_is_exit_two(folder: Path, capsys: Capture, arguments: list[str], problem: str) -> None:
    words = [each.format(folder=folder, acb=folder / "acb.yaml") for each in arguments]
    assert main(["task", "run", *words]) == 2
    assert problem in capsys.readouterr().err


def test_a_context_may_be_a_git_repository_with_the_task_file_in_it(folder: Path, capsys: Capture) -> None:
    require("git")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q", "-b", "topic"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    run = ["task", "run", "--dry-run", "--registry", "r.test", "--id", "7"]
    assert main([*run, "acb.yaml", f"file://{folder}#topic"]) == 0
    assert "push r.test/app:7" in capsys.readouterr().out
    assert main([*run, "acb.yaml", f"file://{folder}#none"]) == 3
    assert "cannot fetch" in capsys.readouterr().err


AZURE = {
    "name": "nightly",
    "type": "Microsoft.ContainerRegistry/registries/tasks",
    "properties": {
        "step": {"type": "Docker", "dockerFilePath": "Dockerfile", "imageNames": ["app:{{.Run.ID}}"], "values": None},
        "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 3 * * *"}]},
    },
}


def test_tasks_of_azure_are_shown_or_written_as_files_that_run(folder: Path, capsys: Capture) -> None:
    file = folder / "azure.json"
    file.write_text(json.dumps([AZURE]))
    assert main(["task", "import", str(file)]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert shown["triggers"]["timers"] == [{"name": "t1", "schedule": "0 3 * * *"}]
    assert main(["task", "import", str(file), "-o", str(folder / "out")]) == 0
    capsys.readouterr()
    made = folder / "out" / "nightly"
    assert json.loads((made / "definition.json").read_text())["name"] == "nightly"
    run = ["task", "run", str(made / "task.yaml"), str(folder), "--dry-run", "--registry", "r.test", "--id", "7"]
    assert main(run) == 0
    assert "push r.test/app:7" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["..", "", "a b", "x" * 200])
def test_a_task_whose_name_is_no_folder_is_not_written(folder: Path, capsys: Capture, name: str) -> None:
    (folder / "azure.json").write_text(json.dumps({**AZURE, "name": name}))
    assert main(["task", "import", str(folder / "azure.json"), "-o", str(folder / "out")]) == 2
    assert "not a task's name" in capsys.readouterr().err
    assert not (folder / "out").exists()


@pytest.mark.root
def test_a_task_is_run_and_says_what_it_depends_on(folder: Path, capsys: Capture, registry_host: str) -> None:
    require("buildah")
    require_root()
    with RemoteRegistry() as registry:
        push_shell(registry.repository(Reference.parse(f"{registry_host}/cli/base")), "1")
        (folder / "Dockerfile").write_text(f"FROM {registry_host}/cli/base:1\nARG WORD\nENV WORD=$WORD\n")
        (folder / "acb.yaml").write_text(
            "version: v1.1.0\nsteps:\n"
            "  - {id: build, build: '-t $Registry/cli/app:$ID --build-arg WORD={{.Values.word}} .'}\n"
            "  - {id: check, cmd: '$Registry/cli/app:$ID /bin/sh -c ''echo word is $WORD'''}\n"
            "  - {id: push, push: ['$Registry/cli/app:$ID']}\n"
        )
        run = ["task", "run", str(folder / "acb.yaml"), str(folder), "--registry", registry_host, "--id", "7"]
        store = ["--store", str(folder.parent / "store"), "--set-secret", "word=hushhush"]
        assert main([*run, *store]) == 0
        digest = load(registry.repository(Reference.parse(f"{registry_host}/cli/app")), "7").digest
    out = capsys.readouterr().out
    assert "check | word is ***\n" in out
    assert "check: successful" in out
    assert f"{registry_host}/cli/app:7 {digest}" in out
    assert "The following dependencies were found:" in out
    assert "hushhush" not in out
    assert json.loads(out.splitlines()[-1])[0]["runtime-dependency"]["repository"] == "cli/base"


@pytest.mark.root
def test_a_task_that_fails_is_exit_three_and_its_result_is_told_as_json(folder: Path, capsys: Capture) -> None:
    require("buildah")
    require_root()
    run = ["task", "run", "--cmd", "docker ps", str(folder), "--format", "json", "--store", str(folder.parent / "s")]
    assert main(run) == 3
    captured = capsys.readouterr()
    assert json.loads(captured.out)["steps"][0]["status"] == "failed"
    assert "acb_step_0 failed: no docker daemon" in captured.err


@pytest.mark.root
def test_a_dockerfile_is_built_without_a_task_file(folder: Path, capsys: Capture, registry_host: str) -> None:
    require("buildah")
    require_root()
    (folder / "Quick").write_text("ARG W\nFROM scratch\nCOPY file /\n")
    run = ["task", "run", "-f", "Quick", "-t", "cli/quick:{{.Run.ID}}", str(folder), "--registry", registry_host]
    assert main([*run, "--id", "9", "--build-arg", "W=a b", "--store", str(folder.parent / "s")]) == 0
    with RemoteRegistry() as registry:
        assert (
            registry.repository(Reference.parse(f"{registry_host}/cli/quick")).resolve("9").digest
            in capsys.readouterr().out
        )


@pytest.mark.root
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_interrupted_leaves_nothing_running_and_only_its_logs(
    folder: Path, registry_host: str, how: signal.Signals
) -> None:
    require("buildah")
    require_root()
    with RemoteRegistry() as registry:
        push_shell(registry.repository(Reference.parse(f"{registry_host}/cli/shell")), "1")
    store, seconds = folder.parent / "store", 400 + how
    command = f"{registry_host}/cli/shell:1 /bin/sh -c 'echo begun; exec sleep {seconds}'"
    run = [sys.executable, "-m", "pratique", "task", "run", "--cmd", command, "/dev/null", "--store", str(store)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("begun" in line for line in process.stdout)
        process.send_signal(how)
        assert process.wait(30) == 130
    listed = subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout
    assert f"sleep {seconds}" not in [line.strip() for line in listed.splitlines()]
    assert [path.name for path in store.iterdir()] == ["logs"]
