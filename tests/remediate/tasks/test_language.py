"""The task language: every key of a task and of a step, by its name, and what is wrong with line and column."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.errors import PratiqueError, UsageError
from pratique.remediate.tasks.task import Kind, Network, Secret, VolumeMount
from tests.remediate.tasks.tasks import prepared, problems, step, task


def test_version_decides_over_aliases_and_is_v1_0_0_unless_said() -> None:
    assert task("steps: [{cmd: $ID}]").version == "v1.0.0"
    assert step("steps: [{cmd: a $ID}]").cmd == "a $ID"
    assert step("version: v1.1.0\nsteps: [{cmd: a $ID}]").cmd == "a cb1"
    assert task("version: 'V1.1.0'\nsteps: [{cmd: a}]").version == "v1.1.0"
    assert task("version: 1.0-preview-1 # old\nsteps: [{cmd: a}]").version == "1.0-preview-1"
    assert "1:10: error: version '2.0'" in problems("version: 2.0\nsteps: [{cmd: a}]")[0]


def test_id_is_numbered_from_0_unless_said() -> None:
    assert [each.id for each in task("steps: [{cmd: a}, {cmd: a, id: x}, {cmd: a}]").steps] == [
        "acb_step_0",
        "x",
        "acb_step_2",
    ]


@pytest.mark.parametrize("identifier", ["'a b'", "acb_root", "a/b", "../x", '"a\\nb"', "x" * 129])
def test_an_id_that_is_no_word_is_refused(identifier: str) -> None:
    assert any("id" in each and "error" in each for each in problems(f"steps: [{{cmd: a, id: {identifier}}}]"))


def test_build() -> None:
    assert step("steps: [{build: -t a:1 -f D .}]").kind is Kind.BUILD


def test_push_gets_latest_and_no_image_twice() -> None:
    assert step("steps: [{push: [r.test/a, 'r.test/a:latest', 'r.test/b:1']}]").push == (
        "r.test/a:latest",
        "r.test/b:1",
    )


def test_cmd_is_an_image_and_arguments() -> None:
    found = step("steps:\n  - cmd: |\n      bash -c 'echo 1'\n")
    assert (found.image, found.arguments.strip()) == ("bash", "-c 'echo 1'")


def test_cmd_may_be_folded() -> None:
    assert step("steps:\n  - cmd: >\n      bash\n      -c 'x'\n").cmd == "bash -c 'x'\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [{id: a}]", "1:9: error: a step without build, push or cmd"),
        ("steps: [{build: ., push: [a]}]", "1:20: error: a step with build and push"),
        ("steps: [{cmd: -it bash}]", "cmd without an image"),
        ("steps: [{cmd: ' '}]", "cmd without an image"),
        ("steps: [{push: []}]", "a push step without images"),
        ("steps: [{push: a}]", "push is 'a' (it must be a list)"),
        ("steps: [{push: ['UPPER/x y']}]", "not an image reference"),
        ("steps: [{build: -t x}]", "a build needs one context, here is none"),
        ("steps: [{build: a b}]", "here is 'a' and 'b'"),
        ("steps: [{build: --tagg x .}]", "no option '--tagg' (did you mean --tag?)"),
        ("steps: [{build: '. \"'}]", "a quote is not closed"),
        ("steps: []", "the task has no steps"),
        ("version: v1.0.0", "the task has no steps"),
        ("steps: 3", "steps is '3' (it must be a list)"),
        ("steps: [3]", "a step is '3' (it must be a mapping)"),
        ("- a", "the task is a list"),
        ("steps: [{cmd: a, timeout: soon}]", "1:27: error: timeout is 'soon' (it must be a whole number)"),
        ("steps: [{cmd: a, retries: -1}]", "retries is -1"),
        ("steps: [{cmd: a, repeat: 99999999999}]", "repeat is 99999999999"),
        ("steps: [{cmd: a, detach: maybe}]", "detach is 'maybe' (it must be true or false)"),
        ("steps: [{cmd: a, env: [A]}]", "env has 'A' in it (write each as NAME=VALUE)"),
        ("steps: [{cmd: a, cache: on}]", "cache is 'on'"),
        ("steps: [{cmd: a, when: {a: b}}]", "when is a mapping"),
        ("steps: [{cmd: a, ports: [[1]]}]", "ports has a list in it"),
        ("steps: [{cmd: a, exitedWith: [x]}]", "its items must be whole numbers"),
        ("steps: [{cmd: a, volumeMounts: [{name: v, mountPath: /x}]}]", "there is no volume 'v'"),
        ("secrets: [{id: 'a b', keyvault: k}]\nsteps: [{cmd: a}]", "the secret's id is 'a b'"),
        ("secrets: [{id: a}]\nsteps: [{cmd: a}]", "the secret 'a' has no keyvault"),
        ("secrets: [{id: a, keyvault: k, clientID: x}]\nsteps: [{cmd: a}]", "it must be a GUID"),
        ("volumes: [{name: v, secret: {f: '!'}}]\nsteps: [{cmd: a}]", "not base64"),
        ("volumes: [{name: v, secret: {../f: eA==}}]\nsteps: [{cmd: a}]", "the file name '../f'"),
        ("volumes: [{name: v}]\nsteps: [{cmd: a}]", "the volume 'v' holds no secret"),
        ("volumes: [{name: 'v/..', secret: {f: eA==}}]\nsteps: [{cmd: a}]", "the volume's name is 'v/..'"),
        ("networks: [{driver: bridge}]\nsteps: [{cmd: a}]", "the network's name is ''"),
        ("networks: [{name: n}]\nsteps: [{cmd: a, network: m}]", "there is no network 'm'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, problem: str) -> None:
    found = problems(text)
    assert any(problem in each and " error: " in each for each in found), found
    assert all(each.startswith("acb.yaml:") for each in found)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "steps: [{cmd: a, entrypoint: b}]",
            "1:18: warning: unknown key 'entrypoint' in a step (did you mean entryPoint?)",
        ),
        ("stepTimout: 3\nsteps: [{cmd: a}]", "unknown key 'stepTimout' in the task (did you mean stepTimeout?)"),
        ("steps: [{cmd: a, zzz: b}]", "unknown key 'zzz' in a step (it is ignored, as ACR does)"),
        ("steps: [{cmd: a, secret: b}]", "no ACR acts on it"),
        ("steps: [{cmd: a, exitedWith: [0]}]", "exitedWith is read and never acted on"),
        ("steps: [{cmd: a, exitedWithout: [0]}]", "exitedWithout is read and never acted on"),
        ("steps: [{build: ., entryPoint: b}]", "entryPoint does nothing in a build step"),
        ("steps: [{push: [a], retries: 3}]", "retries does nothing in a push step"),
        ("volumes: [{nam: v, name: w, secret: {f: eA==}}]\nsteps: [{cmd: a}]", "did you mean name?"),
    ],
)
def test_what_acr_ignores_without_a_word_is_warned_of(text: str, warning: str) -> None:
    found = prepared(text)
    assert found.task is not None
    assert any(warning in str(each) for each in found.problems), found.problems


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems("steps:\n  - cmd: a\n    retries: x\n  - id: b\n  - cmd: c\n    when: [nobody]\n")
    assert [each.split(":")[1] for each in found] == ["3", "4", "5"]


def test_env_of_the_task_is_for_all_steps_and_a_steps_own_wins() -> None:
    found = step("env: [A=1, B=2]\nsteps: [{cmd: a, env: [B=3, 'C=x=y']}]")
    assert found.env == {"A": "1", "B": "3", "C": "x=y"}


def test_env_items_may_hold_several_with_commas_but_a_value_keeps_its_comma() -> None:
    assert step("steps: [{cmd: a, env: ['A=1,B=2', 'C=1,2']}]").env == {"A": "1", "B": "2", "C": "1,2"}


def test_working_directory_is_below_the_workspace_unless_absolute() -> None:
    text = "workingDirectory: src\nsteps: [{cmd: a}, {cmd: a, workingDirectory: x/y}, {cmd: a, workingDirectory: /abs}]"
    assert [each.working_directory for each in task(text).steps] == ["/workspace/src", "/workspace/x/y", "/abs"]
    assert step("steps: [{cmd: a}]").working_directory == "/workspace"


def test_disable_working_directory_override() -> None:
    assert step("steps: [{cmd: a, disableWorkingDirectoryOverride: yes}]").disable_working_directory_override


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("entryPoint", "/x", "entry_point"),
        ("user", "me", "user"),
        ("isolation", "hyperv", "isolation"),
        ("cpus", "2", "cpus"),
        ("network", "host", "network"),
        ("privileged", True, "privileged"),
        ("detach", True, "detach"),
        ("keep", True, "keep"),
        ("pull", True, "pull"),
        ("ignoreErrors", True, "ignore_errors"),
        ("startDelay", 3, "start_delay"),
        ("retries", 3, "retries"),
        ("retryDelay", 3, "retry_delay"),
        ("repeat", 3, "repeat"),
        ("timeout", 3, "timeout"),
        ("cmdDownloadRetries", 3, "download_retries"),
        ("cmdDownloadRetryDelay", 3, "download_retry_delay"),
    ],
)
def test_a_steps_property(key: str, value: object, name: str) -> None:
    text = str(value).lower() if isinstance(value, bool) else value
    assert getattr(step(f"steps: [{{cmd: a, {key}: {text}}}]"), name) == value


@pytest.mark.parametrize(
    ("key", "name"), [("ports", "ports"), ("expose", "expose"), ("retryOnErrors", "retry_on_errors")]
)
def test_a_steps_list(key: str, name: str) -> None:
    assert getattr(step(f"steps: [{{cmd: a, {key}: ['80:80', x]}}]"), name) == ("80:80", "x")


def test_cache() -> None:
    assert step("steps: [{build: ., cache: enabled}]").cache
    assert not step("steps: [{build: ., cache: disabled}]").cache


def test_secrets() -> None:
    guid = "00000000-0000-0000-0000-000000000000"
    text = f"secrets: [{{id: s, keyvault: https://v/secrets/s, clientID: {guid}}}]\nsteps: [{{cmd: a}}]"
    assert task(text).secrets == (Secret("s", "https://v/secrets/s", "00000000-0000-0000-0000-000000000000"),)


def test_networks_and_the_last_default_is_for_steps_without() -> None:
    text = """
networks:
  - {name: one, isDefault: true}
  - {name: two, driver: bridge, ipv6: true, skipCreation: true, isDefault: true}
steps: [{cmd: a}]
"""
    found = task(text)
    assert found.networks[1] == Network("two", "bridge", True, True, True)
    assert found.steps[0].network == "two"


def test_volumes_and_volume_mounts() -> None:
    text = """
volumes:
  - name: v
    secret: {file.txt: "{{ "hello" | b64enc }}"}
steps:
  - cmd: a
    volumeMounts: [{name: v, mountPath: /run/v}]
"""
    found = task(text)
    assert found.volumes[0].files == {"file.txt": "aGVsbG8="}
    assert found.steps[0].volume_mounts == (VolumeMount("v", "/run/v"),)


def test_anchors_aliases_and_merges_of_yaml() -> None:
    text = """
steps:
  - &one {id: one, cmd: a, retries: 3, env: &env [A=1]}
  - {<<: *one, id: two, env: *env, when: ['-']}
"""
    second = task(text).steps[1]
    assert (second.cmd, second.retries, second.env) == ("a", 3, {"A": "1"})


def test_a_bomb_of_aliases_is_refused() -> None:
    names = "abcdefgh"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    with pytest.raises(UsageError, match="too large for a task"):
        prepared("\n".join(lines))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "steps: [",
        "steps: {a: b",
        "a: 1\na: 2",
        "[" * 10_000,
        "? [a]\n: b",
        "--- a\n--- b",
        "*nobody",
        "a: &a [*a]",
        "x" * (1 << 21),
        "steps: [{cmd: a\0}]",
        "<<: 3",
    ],
)
def test_what_is_no_task_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"acb\.yaml") as caught:
        task(text)
    assert "\n" not in caught.value.what


def test_comments_go_before_templates_and_lines_are_counted_as_written() -> None:
    with pytest.raises(UsageError, match=r"acb\.yaml:4:3: a step without"):
        task("# {{ nonsense }}\nsteps:\n  # more {{\n- id: x\n".replace("- id", "- id").replace("\n- ", "\n- "))


@settings(max_examples=300)
@given(st.text(st.sampled_from("steps:cmdbuildpushwhen- \n[]{}&*!|>'\"#,x1$.\t"), max_size=120))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    try:
        task(text)
    except PratiqueError:
        return
