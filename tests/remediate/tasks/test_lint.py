import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.remediate.tasks.lint import lint
from pratique.remediate.tasks.prepare import Inputs
from tests.remediate.tasks.tasks import NOW, RUN

INPUTS = Inputs(now=NOW, run=RUN)


def linted(text: str) -> list[str]:
    return [str(problem) for problem in lint(text, "acb.yaml", INPUTS)]


def test_a_task_that_is_well_has_no_problems() -> None:
    text = "version: v1.1.0\nsteps:\n  - build: -t $Registry/a:$ID .\n  - push: [$Registry/a:$ID]\n"
    assert linted(text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [}]", "acb.yaml:1:9: error: not YAML"),
        ("", "acb.yaml:1:1: error: the file is empty"),
        (
            "# c\nsteps: [{cmd: '{{ nothing }}'}]",
            "acb.yaml:2:19: error: in the template: function 'nothing' not defined",
        ),
        ("steps: [{cmd: a, id: x, when: [y]}]", "acb.yaml:1:9: error: x waits for 'y'"),
        ("steps: [{cmd: a, wen: [y]}]", "acb.yaml:1:18: warning: unknown key 'wen' in a step (did you mean when?)"),
        ("steps:\n- cmd: a $Registry/x", "acb.yaml:2:10: warning: $Registry is an alias from version v1.1.0 on"),
        ("steps: [{build: -t r.test/a:1 .}]", "acb.yaml:1:9: warning: r.test/a:1 is built and never pushed"),
        (
            "steps: [{build: -t r.test/a:1 .}, {push: ['r.test/a:1', 'r.test/b:1']}]",
            "acb.yaml:1:35: warning: r.test/b:1 is pushed and never built",
        ),
        ("x" * 2_000_000, "is too long for a task file"),
    ],
)
def test_a_problem_is_told_with_its_place(text: str, problem: str) -> None:
    assert any(problem in each for each in linted(text)), linted(text)


def test_an_image_that_stays_on_the_machine_need_not_be_pushed() -> None:
    assert linted("steps: [{build: -t hello-test .}, {cmd: hello-test}]") == []
    assert linted("steps: [{build: -t r.test/a:1 .}, {cmd: docker push r.test/a:1}]") == []


def test_a_dollar_that_is_doubled_or_in_a_comment_is_no_alias() -> None:
    assert linted("# $ID\nsteps: [{cmd: a $$ID $IDx}]") == []


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    lint(text, "acb.yaml", INPUTS)
