"""Azure Pipelines' templates: parsed, held against the documented structure, and their scripts run by a real shell."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.machine import PROJECT

FOLDER = PROJECT / "integrations" / "azure-pipelines"
TYPES = {"string", "number", "boolean", "object", "step", "stepList", "job", "jobList", "deployment", "deploymentList"}
TYPES |= {"stage", "stageList"}
STEPS = {"script", "bash", "pwsh", "task", "template", "checkout", "download", "publish"}
KEYS = {"script", "task", "template", "checkout", "name", "displayName", "condition", "env", "inputs", "parameters"}
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def load(name: str) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return value


def flat(items: list[Any]) -> Iterator[dict[str, Any]]:
    """The items of a list, those under `${{ if }}` and `${{ each }}` among them; inserted ones left out."""
    for item in items:
        if isinstance(item, str):
            assert EXPRESSION.fullmatch(item)
            continue
        [first, *_] = item
        if isinstance(first, str) and first.startswith("${{"):
            assert re.fullmatch(r"\$\{\{ (if|elseif|else|each) ?.*\}\}", first)
            yield from flat(item[first])
        else:
            yield item


def steps(name: str) -> list[dict[str, Any]]:
    document = load(name)
    if "steps" in document:
        return [*flat(document["steps"])]
    jobs = (job for stage in flat(document["stages"]) for job in flat(stage["jobs"]))
    return [step for job in jobs for step in flat(job.get("steps", []))]


@pytest.mark.parametrize("name", ["steps.yml", "extends.yml"])
def test_parameters_are_typed_and_used(name: str) -> None:
    text, document = (FOLDER / name).read_text(), load(name)
    assert len({*document} & {"steps", "jobs", "stages", "variables"}) == 1
    names = {one["name"] for one in document["parameters"]}
    assert {one["type"] for one in document["parameters"]} <= TYPES
    body = text[text.index("\nsteps:" if "steps" in document else "\nstages:") :]
    assert set(re.findall(r"parameters\.([A-Za-z]+)", body)) == names


@pytest.mark.parametrize("name", ["steps.yml", "extends.yml"])
def test_every_step_is_one_of_the_known_kinds(name: str) -> None:
    for step in steps(name):
        assert len({*step} & STEPS) == 1, step
        assert {*step} <= KEYS, step
        if "task" in step:
            assert re.fullmatch(r"[A-Za-z]+@\d+", step["task"])
            assert step["inputs"]


def test_the_frame_gives_the_steps_only_what_they_take() -> None:
    [used] = [step for step in steps("extends.yml") if "template" in step]
    assert used["template"] == "steps.yml"
    taken = {one["name"]: "default" in one for one in load("steps.yml")["parameters"]}
    assert {*used["parameters"]} <= {*taken}
    assert {name for name, optional in taken.items() if not optional} <= {*used["parameters"]}


@pytest.mark.parametrize("name", ["steps.yml", "extends.yml"])
def test_no_single_value_from_outside_is_written_into_a_script(name: str) -> None:
    for step in steps(name):
        for found in EXPRESSION.findall(step.get("script", "")):
            assert found.strip().startswith("join("), "lists alone, which the pipeline's author writes"


def test_reports_are_published_also_when_the_scan_says_no() -> None:
    published = [step for step in steps("steps.yml") if step.get("task", "").startswith("Publish")]
    assert [step["inputs"].get("ArtifactName") for step in published] == [None, "CodeAnalysisLogs", "pratique"]
    assert {step["condition"] for step in published} == {"succeededOrFailed()"}


def test_the_scans_script_asks_for_what_is_published(tmp_path: Path) -> None:
    [scan] = [step for step in steps("steps.yml") if step.get("name") == "pratique"]
    fake = tmp_path / "bin" / "pratique"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    fake.chmod(0o755)
    hostile = 'web:1"; touch "$BUILD_ARTIFACTSTAGINGDIRECTORY/pwned'
    environment = {
        "PATH": f"{fake.parent}:{os.environ['PATH']}",
        "BUILD_ARTIFACTSTAGINGDIRECTORY": str(tmp_path / "out"),
        "PIPELINE_WORKSPACE": str(tmp_path),
        "PRATIQUE_IMAGE": hostile,
        "PRATIQUE_POLICY": "policy.yaml",
        "PRATIQUE_FAIL_ON": "",
    }
    script = EXPRESSION.sub("", scan["script"])
    ran = subprocess.run(["sh", "-c", script], env=environment, check=True, capture_output=True, text=True)
    words = ran.stdout.splitlines()
    assert words[:4] == ["scan", hostile, "-f", "table"]
    assert words[-2:] == ["--policy", "policy.yaml"]
    assert f"sarif={tmp_path}/out/pratique/CodeAnalysisLogs/pratique.sarif" in words
    assert f"junit={tmp_path}/out/pratique/TEST-pratique.xml" in words
    assert "--fail-on" not in words
    assert not (tmp_path / "out" / "pwned").exists()
