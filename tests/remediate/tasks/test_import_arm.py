"""Tasks as Azure describes them: the shapes of ARM's specification (registries/tasks, 2019-06-01-preview)."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InvalidData, PratiqueError
from pratique.remediate.tasks.import_arm import ImportedTask, read
from pratique.remediate.tasks.prepare import Inputs, prepare, ready
from pratique.remediate.tasks.triggers import BaseImageTriggerType
from tests.remediate.tasks.tasks import NOW, RUN

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/contoso/tasks/mytask"
DOCKER: dict[str, Any] = {
    "type": "Docker",
    "contextPath": "https://host.test/me/app.git#main:src",
    "dockerFilePath": "src/Dockerfile",
    "imageNames": ["azurerest:testtag", "azurerest:{{.Run.ID}}", "other.azurecr.io/x:1"],
    "isPushEnabled": True,
    "noCache": True,
    "target": "final",
    "arguments": [
        {"name": "mytestargument", "value": "my test value", "isSecret": False},
        {"name": "token", "isSecret": True},
    ],
    "baseImageDependencies": [
        {"type": "RunTime", "registry": "registry.hub.docker.com", "repository": "library/node", "tag": "9-alpine"}
    ],
}


def resource(step: dict[str, Any], **properties: object) -> dict[str, Any]:
    return {
        "id": ID,
        "name": "mytask",
        "type": "Microsoft.ContainerRegistry/registries/tasks",
        "location": "eastus",
        "properties": {"status": "Enabled", "step": step, **properties},
    }


def imported(document: object) -> ImportedTask:
    (task,) = read(json.dumps(document).encode())
    return task


def encoded(text: str) -> dict[str, Any]:
    return {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode()}


def test_a_docker_task_becomes_a_task_file_that_builds_and_pushes() -> None:
    task = imported(resource(DOCKER))
    steps = ready(prepare(task.text, "task.yaml", Inputs(now=NOW, run=RUN, values={"token": "tok"}))).steps
    assert steps[0].build == (
        "-t contoso.azurecr.io/azurerest:testtag -t contoso.azurecr.io/azurerest:cb1 -t other.azurecr.io/x:1"
        " --build-arg 'mytestargument=my test value' --build-arg token=tok"
        " --target final --no-cache -f src/Dockerfile ."
    )
    assert steps[1].push == (
        "contoso.azurecr.io/azurerest:testtag",
        "contoso.azurecr.io/azurerest:cb1",
        "other.azurecr.io/x:1",
    )
    assert task.context == "https://host.test/me/app.git#main:src"
    assert task.bases == ("RunTime registry.hub.docker.com/library/node:9-alpine",)
    assert task.notes == ("the value of token is secret: give it with --set-secret token=...",)


def test_a_docker_task_may_not_push() -> None:
    assert "push" not in imported(resource({**DOCKER, "isPushEnabled": False})).text


def test_a_file_task_names_its_file_and_values() -> None:
    step = {
        "type": "FileTask",
        "taskFilePath": "ci/acb.yaml",
        "valuesFilePath": "ci/prod.yaml",
        "values": [{"name": "a", "value": "1", "isSecret": False}, {"name": "pw", "isSecret": True}],
    }
    task = imported(resource(step))
    assert (task.file, task.values_file, task.values, task.text) == ("ci/acb.yaml", "ci/prod.yaml", {"a": "1"}, "")
    assert "--set-secret pw=" in task.notes[0]


def test_an_encoded_task_is_decoded() -> None:
    step = {**encoded("steps: [{cmd: a}]\n"), "encodedValuesContent": base64.b64encode(b"x: 1\n").decode()}
    task = imported(resource(step))
    assert (task.text, task.values_text) == ("steps: [{cmd: a}]\n", "x: 1\n")


def test_triggers_are_kept() -> None:
    trigger = {
        "timerTriggers": [{"name": "t1", "schedule": "30 9 * * 1-5", "status": "Disabled"}],
        "sourceTriggers": [
            {
                "name": "s",
                "sourceRepository": {
                    "sourceControlType": "Github",
                    "repositoryUrl": "https://host.test/me/app",
                    "branch": "main",
                },
                "sourceTriggerEvents": ["commit", "pullrequest"],
                "status": "Enabled",
            }
        ],
        "baseImageTrigger": {
            "name": "b",
            "baseImageTriggerType": "All",
            "status": "Enabled",
            "updateTriggerEndpoint": "https://hook.test",
            "updateTriggerPayloadType": "Token",
        },
    }
    triggers = imported(resource(encoded("x"), trigger=trigger)).triggers
    assert triggers.base_image is not None
    assert (triggers.base_image.type, triggers.base_image.endpoint) == (BaseImageTriggerType.ALL, "https://hook.test")
    assert (triggers.timers[0].schedule, triggers.timers[0].enabled) == ("30 9 * * 1-5", False)
    assert triggers.sources[0].events == ("commit", "pullrequest")
    assert (triggers.sources[0].branch, triggers.sources[0].enabled) == ("main", True)


def test_platform_timeout_status_registries_and_pool_are_kept_or_noted() -> None:
    task = imported(
        resource(
            encoded("x"),
            status="Disabled",
            timeout=900,
            platform={"os": "Linux", "architecture": "arm64", "variant": "v8"},
            agentPoolName="pool1",
            credentials={"customRegistries": {"other.azurecr.io": {"identity": "[system]"}}},
        )
    )
    assert (task.platform, task.timeout, task.enabled) == ("linux/arm64/v8", 900, False)
    assert task.registries == ("other.azurecr.io",)
    assert [note.split()[0] for note in task.notes] == ["log", "it"]
    windows = imported(resource(encoded("x"), platform={"os": "Windows", "architecture": "amd64"}))
    assert windows.platform == "windows/amd64"
    assert "Windows" in windows.notes[0]


def test_null_stands_for_nothing_as_azure_writes_it() -> None:
    step = {**DOCKER, "arguments": None, "baseImageDependencies": None, "target": None, "noCache": None}
    task = imported(resource(step, trigger=None, platform=None, credentials=None, timeout=None, agentPoolName=None))
    assert (task.timeout, task.platform, task.triggers.base_image) == (3600, "linux/amd64", None)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda task: [task],
        lambda task: {"value": [task], "nextLink": None},
        lambda task: {"$schema": "x", "resources": [{"type": "other"}, task]},
        lambda task: {"resources": [{"type": "registries", "resources": [{**task, "type": "tasks"}]}]},
        lambda task: {"name": task["name"], **task["properties"]},
        lambda task: [{"name": task["name"], "type": task["type"], **task["properties"]}],
    ],
)
def test_tasks_are_found_in_lists_pages_templates_and_what_az_prints(wrap: Any) -> None:
    assert imported(wrap(resource(DOCKER))).name == "mytask"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (b"", "not tasks as Azure"),
        (b"\xff{}", "not tasks as Azure"),
        (b"[]", "there is no task"),
        (b'{"a": 1}', "there is no task"),
        (json.dumps(resource({"type": "Other"})).encode(), "no step that we know"),
        (json.dumps(resource({**DOCKER, "imageNames": 3})).encode(), "not tasks as Azure"),
        (json.dumps(resource({"type": "EncodedTask", "encodedTaskContent": "!"})).encode(), "not base64"),
        (
            json.dumps(
                resource(encoded("x"), trigger={"timerTriggers": [{"name": "t", "schedule": "0 * * * * *"}]})
            ).encode(),
            "the timer t",
        ),
        (b"[" * 100_000, "not tasks as Azure|nested too deep"),
        (b"[" * 20 + b"]" * 20, "nested too deep"),
    ],
)
def test_what_is_no_task_is_refused(document: bytes, problem: str) -> None:
    with pytest.raises(InvalidData, match=problem):
        read(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "step", "properties", "name", "value", "trigger", "arguments"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_makes_it_fail_otherwise(document: object) -> None:
    try:
        read(json.dumps(document).encode())
    except PratiqueError:
        return
