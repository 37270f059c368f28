"""Tasks that really run: buildah builds, pushes to a real registry, and runs commands in an image with a shell."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from pratique.model.reference import Reference
from pratique.registry.images import load
from pratique.registry.remote import RemoteRegistry
from pratique.registry.repository import Repository
from pratique.remediate.tasks.buildah_store import Settings
from pratique.remediate.tasks.executor_buildah import BuildahExecutor
from pratique.remediate.tasks.prepare import ready
from pratique.remediate.tasks.run import Status, run
from pratique.remediate.tasks.workspace import Workspace
from tests.remediate.tasks.shell_image import push_shell
from tests.remediate.tasks.tasks import Real, prepared
from tests.support.machine import require, require_root
from tests.support.program_image import push_program

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def repository() -> Iterator[Callable[[str], Repository]]:
    with RemoteRegistry() as registry:
        yield lambda name: registry.repository(Reference.parse(name))


@pytest.fixture(scope="module")
def name(registry_host: str, repository: Callable[[str], Repository]) -> str:
    """Where this module's images are: `NAME/sh:1` has a shell, `NAME/entry:1` an entrypoint."""
    require("buildah")
    require_root()
    name = f"{registry_host}/{uuid4().hex[:8]}"
    push_shell(repository(f"{name}/sh"), "1", Env=["FROM_IMAGE=1"], Cmd=["/bin/sh", "-c", "echo default"])
    push_shell(repository(f"{name}/entry"), "1", Entrypoint=["/bin/sh", "-c"], Cmd=["echo from-cmd"])
    return name


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "file").write_text("own")
    return folder


def test_build_push_and_cmd(name: str, tmp_path: Path, context: Path, repository: Callable[[str], Repository]) -> None:
    (context / "Dockerfile").write_text(f"FROM {name}/sh:1\nARG WORD\nCOPY file /own\nENV WORD=$WORD\n")
    ran = Real(
        f"""
version: v1.1.0
steps:
  - id: build
    build: -t {name}/app:$ID --build-arg WORD=hello .
  - id: test
    cmd: {name}/app:$ID /bin/sh -c 'cat /own; echo; echo $WORD $FROM_IMAGE; pwd'
  - id: push
    push: ["{name}/app:$ID"]
""",
        tmp_path / "runs",
        context,
    )
    assert ran.result.successful, ran.result.failure
    assert ran.lines("test") == ["own", "hello 1", "/workspace"]
    image = load(repository(f"{name}/app"), "cb1")
    assert [(pushed.image, pushed.digest) for pushed in ran.result.pushed] == [(f"{name}/app:cb1", image.digest)]
    (found,) = ran.executor.discovered
    base = Reference.parse(f"{name}/sh:1")
    assert (found.runtime, found.digests[base]) == (base, load(repository(f"{name}/sh"), "1").digest)


def cmd(
    name: str, tmp_path: Path, *steps: str, context: Path | None = None, head: str = "", **settings: object
) -> Real:
    """Run steps whose `SH` is the image with a shell."""
    text = head + "steps:\n" + "".join(f"  - {{{each}}}\n" for each in steps)
    made = Settings(**settings)  # type: ignore[arg-type]
    return Real(text.replace("SH", f"{name}/sh:1"), tmp_path / "runs", context, made)


def test_parallel_steps_really_overlap_and_share_the_workspace(name: str, tmp_path: Path) -> None:
    wait = "until [ -e {} ]; do sleep 0.05; done"
    ran = cmd(
        name,
        tmp_path,
        f"id: a, when: ['-'], timeout: 30, cmd: 'SH /bin/sh -c \"touch a; {wait.format('b')}\"'",
        f"id: b, when: ['-'], timeout: 30, cmd: 'SH /bin/sh -c \"touch b; {wait.format('a')}\"'",
    )
    assert ran.result.successful, ran.result.failure
    assert ran.files == {"a": "", "b": ""}


def test_env_user_working_directory_and_home(name: str, tmp_path: Path) -> None:
    ran = cmd(
        name,
        tmp_path,
        "id: a, workingDirectory: sub/dir, env: ['A=x y'], cmd: 'SH /bin/sh -c ''pwd; echo \"$A\" $HOME; id -u'''",
        "id: b, user: nobody, cmd: SH id -u",
        "id: c, disableWorkingDirectoryOverride: true, cmd: 'SH /bin/sh -c pwd'",
    )
    assert ran.result.successful, ran.result.failure
    assert ran.lines("a") == ["/workspace/sub/dir", "x y /acb/home", "0"]
    assert ran.lines("b") == ["65534"]
    assert ran.lines("c") == ["/"]


def test_entry_point_and_the_images_own(name: str, tmp_path: Path) -> None:
    ran = cmd(
        name,
        tmp_path,
        f"id: default, cmd: '{name}/entry:1'",
        f"id: arguments, cmd: '{name}/entry:1 \"echo mine\"'",
        f"id: override, entryPoint: /bin/cat, cmd: '{name}/entry:1 /etc/passwd'",
        "id: command, cmd: SH",
    )
    assert ran.result.successful, ran.result.failure
    assert (ran.lines("default"), ran.lines("arguments"), ran.lines("command")) == (["from-cmd"], ["mine"], ["default"])
    assert ran.lines("override")[0] == "root:x:0:0:root:/:/bin/sh"


def test_a_cmd_is_read_by_a_shell_as_on_acrs_agent(name: str, tmp_path: Path) -> None:
    ran = cmd(name, tmp_path, "id: a, cmd: 'SH /bin/sh -c ''echo $1-$2'' x $(echo one) two > out; echo after'")
    assert ran.result.successful, ran.result.failure
    assert ran.files == {"out": "one-two\n"}, ran.text("a")
    assert ran.lines("a") == ["after"]


def test_the_machines_environment_is_not_the_steps(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "leaked")
    ran = cmd(name, tmp_path, "id: a, cmd: 'SH /bin/sh -c env $MY_TOKEN'")
    assert "leaked" not in ran.text("a")


def test_a_failing_command_fails_its_step_and_ends_the_others(name: str, tmp_path: Path) -> None:
    ran = cmd(
        name,
        tmp_path,
        "id: slow, when: ['-'], cmd: SH sleep 300",
        "id: bad, when: ['-'], startDelay: 1, cmd: 'SH /bin/sh -c ''echo why >&2; exit 7'''",
        "id: later, cmd: SH id",
    )
    assert ran.status == {"slow": Status.CANCELLED, "bad": Status.FAILED, "later": Status.SKIPPED}
    assert ran.result.failure == "step bad failed: ended with 7: why"
    assert (
        "sleep 300" not in subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout
    )


def test_timeout_ends_what_runs(name: str, tmp_path: Path) -> None:
    ran = cmd(name, tmp_path, "id: a, timeout: 2, retries: 3, cmd: SH sleep 301")
    assert ran.result.failure == "step a failed: took more than 2 s"
    assert (
        "sleep 301" not in subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout
    )


def test_retries_with_retry_on_errors(name: str, tmp_path: Path) -> None:
    again = "id: a, retries: 3, retryDelay: 0, retryOnErrors: [TRANSIENT], "
    ran = cmd(name, tmp_path, again + "cmd: 'SH /bin/sh -c ''[ -e once ] || { touch once; echo TRANSIENT; exit 1; }'''")
    assert (ran.result.successful, ran.result.steps[0].attempts) == (True, 2)
    ran = cmd(name, tmp_path, again + "cmd: 'SH /bin/sh -c ''exit 1'''")
    assert (ran.result.successful, ran.result.steps[0].attempts) == (False, 1)


def test_detach_leaves_it_running_under_its_id_until_the_task_ends(name: str, tmp_path: Path) -> None:
    ran = cmd(
        name,
        tmp_path,
        "id: web, detach: true, ports: ['80:80'], cmd: 'SH /bin/sh -c ''touch up; exec sleep 302'''",
        "id: test, cmd: 'SH /bin/sh -c ''until [ -e up ]; do sleep 0.05; done; cat /etc/hosts'''",
    )
    assert ran.result.successful, ran.result.failure
    assert "127.0.0.1 localhost web test" in ran.lines("test")
    assert "note: ports are those of the machine, and not mapped" in ran.lines("web")
    assert (
        "sleep 302" not in subprocess.run(["ps", "ax", "-o", "args"], check=True, capture_output=True, text=True).stdout
    )


def test_volumes_with_secrets_are_files_that_cannot_be_written(name: str, tmp_path: Path) -> None:
    head = "volumes: [{name: v, secret: {pw: c2VjcmV0}}]\n"
    mount = "volumeMounts: [{name: v, mountPath: /run/v}]"
    ran = cmd(name, tmp_path, f"id: a, {mount}, cmd: 'SH /bin/sh -c ''cat /run/v/pw > copy; cat copy'''", head=head)
    assert ran.files == {"copy": "secret\n"}
    assert ran.lines("a") == ["***"]
    ran = cmd(name, tmp_path, f"id: a, {mount}, cmd: SH touch /run/v/new", head=head)
    assert "Read-only" in ran.result.failure


def test_privileged_keep_pull_network_and_isolation_are_taken(name: str, tmp_path: Path) -> None:
    keys = "privileged: true, keep: true, pull: true, network: n, isolation: hyperv, cpus: '1', expose: ['80']"
    ran = cmd(name, tmp_path, f"id: a, {keys}, cmd: SH id -u", head="networks: [{name: n}]\n")
    assert ran.result.successful, ran.result.failure
    assert "note: network n: steps share the machine's network" in ran.lines("a")
    assert ran.lines("a")[-1] == "0"


def test_secrets_are_masked_in_what_is_said_and_in_what_is_kept(name: str, tmp_path: Path) -> None:
    class Vault:
        def value(self, secret: object) -> str:
            return "s3cr3t-value"

    text = f"""
secrets: [{{id: pw, keyvault: k}}]
steps:
  - id: a
    cmd: {name}/sh:1 /bin/sh -c 'echo "<$PW>"; exit 3'
    env: ["PW={{{{.Secrets.pw}}}}"]
"""
    found = prepared(text, Vault())
    said: list[str] = []
    made = ready(found)
    with Workspace(tmp_path / "runs", None) as workspace:
        executor = BuildahExecutor(made, workspace, secrets=found.secrets, sink=lambda step, line: said.append(line))
        result = run(made, executor)
        assert said[0] == "<***>"
        assert "s3cr3t" not in (workspace.logs / "a.log").read_text() + result.failure
    assert list((tmp_path / "runs").iterdir()) == [tmp_path / "runs/logs"]


def test_a_build_step_with_secret_target_and_dockerignore(name: str, tmp_path: Path, context: Path) -> None:
    (context / "sub").mkdir()
    (context / "sub" / "D").write_text(
        f"FROM {name}/sh:1 AS one\nRUN --mount=type=secret,id=s cat /run/secrets/s > /got\nFROM scratch\n"
    )
    (context / ".dockerignore").write_text("file\n")
    ran = Real(
        """
version: v1.1.0
volumes: [{name: v, secret: {s: c2VjcmV0}}]
steps:
  - id: build
    build: --secret id=s,src=/run/v/s --target one -t local/app -f sub/D .
    volumeMounts: [{name: v, mountPath: /run/v}]
  - {id: see, cmd: local/app cat /got > seen}
""",
        tmp_path / "runs",
        context,
    )
    assert ran.result.successful, ran.result.failure
    assert ran.files["seen"] == "secret\n"


def test_an_image_built_before_is_a_base_and_not_a_dependency_that_is_fetched(
    name: str, tmp_path: Path, context: Path
) -> None:
    (context / "One").write_text(f"FROM {name}/sh:1\nENV ONE=1\n")
    (context / "Two").write_text("FROM hello-test\nENV TWO=2\n")
    ran = cmd(
        name,
        tmp_path,
        "id: one, build: -t hello-test -f One .",
        "id: two, build: -t second -f Two .",
        "id: see, cmd: second /bin/sh -c 'echo $ONE $TWO'",
        context=context,
    )
    assert ran.result.successful, ran.result.failure
    assert ran.lines("see") == ["1 2"]


def test_docker_commands_are_done_without_a_daemon(
    name: str, tmp_path: Path, context: Path, repository: Callable[[str], Repository]
) -> None:
    (context / "Dockerfile").write_text(f"FROM {name}/sh:1\n")
    ran = cmd(
        name,
        tmp_path,
        "id: pull, cmd: docker pull SH",
        f"id: build, cmd: 'docker build -t {name}/d:1 .'",
        f"id: tag, cmd: 'docker tag {name}/d:1 {name}/d:2'",
        f"id: push, cmd: 'docker push {name}/d:2'",
        "id: no, ignoreErrors: true, cmd: docker ps",
        context=context,
    )
    assert ran.result.successful, ran.result.failure
    assert load(repository(f"{name}/d"), "2").digest == ran.executor.pushed[0].digest
    assert "no docker daemon" in ran.result.steps[-1].problems[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("build: -f /etc/passwd .", "'/etc/passwd' is outside of /workspace"),
        ("build: ../..", "'../..' is outside of /workspace"),
        ("build: link", "outside of /workspace"),
        ("build: nowhere", "no context 'nowhere'"),
        ("build: -f none .", "cannot read the Dockerfile none"),
        ("build: -f file .", "InvalidData|no FROM|line 1"),
    ],
)
def test_a_build_stays_in_its_workspace(name: str, tmp_path: Path, context: Path, text: str, problem: str) -> None:
    (context / "link").symlink_to("/etc")
    ran = cmd(name, tmp_path, f"id: a, {text}", context=context)
    assert any(word in ran.result.failure for word in problem.split("|")), ran.result.failure


def test_a_context_from_git_by_branch_and_folder(name: str, tmp_path: Path) -> None:
    require("git")
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "Dockerfile").write_text(f"FROM {name}/sh:1\nCOPY word /word\n")
    (source / "sub" / "word").write_text("from-git")
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q", "-b", "topic"], ["add", "."], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(source), *command], check=True)
    ran = cmd(name, tmp_path, f"id: b, build: '-t app file://{source}#topic:sub'", "id: see, cmd: app cat /word")
    assert ran.result.successful, ran.result.failure
    assert ran.lines("see") == ["from-git"]


def test_a_planned_base_is_what_it_is_built_on(
    name: str, tmp_path: Path, context: Path, repository: Callable[[str], Repository]
) -> None:
    planned = push_shell(repository(f"{name}/base"), "1", Env=["V=planned"])
    push_shell(repository(f"{name}/base"), "1", Env=["V=moved"])
    (context / "Dockerfile").write_text(f"FROM {name}/base:1\n")
    pins = {Reference.parse(f"{name}/base:1"): planned.digest}
    ran = cmd(
        name, tmp_path, "id: b, build: -t app .", "id: see, cmd: app /bin/sh -c 'echo $V'", context=context, pins=pins
    )
    assert ran.lines("see") == ["planned"]
    assert ran.executor.discovered[0].digests == pins


def test_cache_of_a_build_is_kept_in_its_repository(
    name: str, tmp_path: Path, context: Path, repository: Callable[[str], Repository]
) -> None:
    (context / "Dockerfile").write_text(f"FROM {name}/sh:1\nRUN id > /once\n")
    build = f"id: b, cache: enabled, build: '-t {name}/cached:1 .'"
    assert cmd(name, tmp_path, build, context=context).result.successful
    assert list(repository(f"{name}/cached/cache").tags())
    again = cmd(name, tmp_path, build, context=context)
    assert again.result.successful
    assert "cache" in again.text("b").lower()


def test_an_image_of_one_static_program_runs_too(name: str, tmp_path: Path) -> None:
    host, _, path = name.partition("/")
    push_program(host, f"{path}/ends", "1", tmp_path, ends=True)
    ran = cmd(name, tmp_path, f"id: a, cmd: {name}/ends:1")
    assert ran.result.failure == "step a failed: ended with 3"
