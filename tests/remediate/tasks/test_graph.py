import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import UsageError
from pratique.remediate.tasks.graph import graph
from pratique.remediate.tasks.places import Place
from pratique.remediate.tasks.task import Kind, Step
from tests.remediate.tasks.tasks import problems, task

PLACE = Place("t", 1, 1)


def levels(text: str) -> tuple[tuple[str, ...], ...]:
    return graph(task(text).steps).levels


def test_levels_are_steps_that_may_run_at_once() -> None:
    text = """
steps:
  - {id: build-web, build: ., when: ["-"]}
  - {id: build-test, build: ., when: ["-"]}
  - {id: web, cmd: web, when: [build-web]}
  - {id: test, cmd: test, when: [web, build-test]}
  - {push: [r.test/web]}
"""
    assert levels(text) == (("build-web", "build-test"), ("web",), ("test",), ("acb_step_4",))


def test_a_step_may_wait_for_a_later_one() -> None:
    assert levels("steps: [{id: a, cmd: x, when: [b]}, {id: b, cmd: x, when: ['-']}]") == (("b",), ("a",))


def test_an_empty_when_is_as_none() -> None:
    assert levels("steps: [{id: a, cmd: x}, {id: b, cmd: x, when: []}]") == (("a",), ("b",))


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("[{id: a, cmd: x, when: [b]}]", "1:9: error: a waits for 'b', and there is no such step"),
        ("[{id: build, cmd: x}, {id: b, cmd: x, when: [buidl]}]", "did you mean build?"),
        ("[{id: a, cmd: x, when: [a]}]", "1:9: error: the step 'a' waits for itself"),
        ("[{id: a, cmd: x, when: [b]}, {id: b, cmd: x}]", "wait for each other in a circle: a -> b -> a"),
        ("[{id: a, cmd: x}, {id: b, cmd: x, when: ['-', a]}]", "'-' beside other steps"),
        ("[{id: a, cmd: x}, {id: a, cmd: x}]", "the id 'a' is taken"),
    ],
)
def test_a_graph_that_cannot_run_is_refused_with_its_place(steps: str, problem: str) -> None:
    (found,) = [each for each in problems(f"steps: {steps}") if problem in each]
    assert found.startswith("acb.yaml:1:")


def test_it_is_an_error_of_the_task_too() -> None:
    with pytest.raises(UsageError, match=r"acb\.yaml:2:5: a waits for 'nobody'"):
        task("steps:\n  - {id: a, cmd: x, when: [nobody]}\n")


@given(st.lists(st.sets(st.integers(0, 9), max_size=4), min_size=1, max_size=10))
def test_every_step_comes_after_all_it_waits_for(chosen: list[set[int]]) -> None:
    steps = tuple(
        Step(place=PLACE, id=str(at), kind=Kind.CMD, cmd="x", when=tuple(str(n) for n in sorted(wanted) if n < at))
        for at, wanted in enumerate(chosen)
    )
    order = graph(steps)
    level = {name: at for at, names in enumerate(order.levels) for name in names}
    assert sorted(level) == sorted(step.id for step in steps)
    assert all(level[before] < level[step.id] for step in steps for before in step.when or ())
