"""Jenkins' shared library: run by JenkinsPipelineUnit where there are Java and Maven, and looked at everywhere."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.machine import PROJECT, require

FOLDER = PROJECT / "integrations" / "jenkins"
STEPS = sorted(path.stem for path in (FOLDER / "vars").glob("*.groovy"))


@pytest.mark.parametrize("step", STEPS)
def test_every_setting_is_in_the_help(step: str) -> None:
    code, manual = (FOLDER / "vars" / f"{step}.groovy").read_text(), (FOLDER / "vars" / f"{step}.txt").read_text()
    [known] = re.findall(r"def known = \[(.*?)\]", code)
    for name in re.findall(r"'(\w+)'", known):
        assert re.search(rf"^{name} ", manual, re.MULTILINE), name


def test_the_examples_use_the_steps_with_settings_that_they_have() -> None:
    for example in (FOLDER / "examples").iterdir():
        for step, settings in re.findall(r"(pratique\w+)[ (]+(\w+: .*)", example.read_text()):
            code = (FOLDER / "vars" / f"{step}.groovy").read_text()
            for name in re.findall(r"(\w+): ", settings):
                assert f"'{name}'" in code, f"{example.name}: {step} {name}"


@pytest.mark.slow
def test_the_library_by_jenkins_pipeline_unit(tmp_path: Path) -> None:
    require("java", "mvn")
    shutil.copytree(FOLDER, tmp_path / "jenkins", ignore=shutil.ignore_patterns("target"))
    command = ["mvn", "-B", "-q", "-ntp", "-Dstyle.color=never", "test"]
    try:
        ran = subprocess.run(
            command, cwd=tmp_path / "jenkins", capture_output=True, text=True, timeout=240, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Maven's packages did not come within 240 s")
    said = ran.stdout + ran.stderr
    if "Could not transfer" in said or "Could not resolve dependencies" in said or "could not be resolved" in said:
        pytest.skip("needs JenkinsPipelineUnit from Maven's registry, which does not answer here")
    assert ran.returncode == 0, said[-4000:]
    reports = list((tmp_path / "jenkins" / "target" / "surefire-reports").glob("*.txt"))
    assert any("Tests run: 8, Failures: 0, Errors: 0, Skipped: 0" in report.read_text() for report in reports)
