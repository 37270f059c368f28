from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InvalidData
from pratique.remediate.order import Cycle, affected, topological

EDGES = [("os", "python"), ("python", "app"), ("os", "tool"), ("tool", "app"), ("java", "batch")]


def test_affected_are_all_dependents_at_any_distance() -> None:
    assert affected(["os"], EDGES) == ("app", "python", "tool")
    assert affected(["python", "java"], EDGES) == ("app", "batch")
    assert affected(["app"], EDGES) == ()


def test_levels_can_be_mended_one_after_the_other() -> None:
    assert topological(affected(["os"], EDGES), EDGES) == (("python", "tool"), ("app",))


def test_nodes_without_edges_are_the_first_level() -> None:
    assert topological(["b", "a"], []) == (("a", "b"),)
    assert topological([], EDGES) == ()


def test_a_cycle_is_named_in_order_from_its_smallest() -> None:
    with pytest.raises(Cycle) as caught:
        topological("cabd", [("c", "a"), ("a", "b"), ("b", "c"), ("a", "d")])
    assert caught.value.cycle == ("a", "b", "c")
    assert "a -> b -> c -> a" in caught.value.what
    assert isinstance(caught.value, InvalidData)


def test_an_image_built_on_itself_is_a_cycle_of_one() -> None:
    with pytest.raises(Cycle) as caught:
        topological(["a"], [("a", "a")])
    assert caught.value.cycle == ("a",)


_numbers = st.integers(0, 12)
_acyclic = st.lists(st.tuples(_numbers, _numbers).filter(lambda pair: pair[0] < pair[1]), max_size=30)


@given(_acyclic, st.randoms())
def test_every_base_comes_before_its_dependents_whatever_the_order_of_edges(
    pairs: list[tuple[int, int]], random: Random
) -> None:
    edges = [(f"n{a:02}", f"n{b:02}") for a, b in pairs]
    nodes = [name for edge in edges for name in edge]
    levels = topological(nodes, edges)
    place = {name: number for number, level in enumerate(levels) for name in level}
    assert all(place[base] < place[dependent] for base, dependent in edges)
    assert sorted(place) == sorted(set(nodes))
    random.shuffle(edges)
    random.shuffle(nodes)
    assert topological(nodes, edges) == levels
