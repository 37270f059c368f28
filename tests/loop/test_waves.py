"""The order in which images on a new base are healed."""

import pytest

from pratique.loop import waves
from pratique.loop.requests import Fate, Heal
from pratique.model.digest import Digest, digest_of
from pratique.model.reference import Reference
from pratique.remediate.order import Cycle
from pratique.store.lineage import Edge


def ref(name: str) -> Reference:
    return Reference.parse(f"registry.test/{name}:1")


def old(name: str) -> Digest:
    return digest_of(f"old {name}".encode())


def new(name: str) -> Digest:
    return digest_of(f"new {name}".encode())


def edge(image: str, base: str) -> Edge:
    return Edge(ref(image), old(image), ref(base), old(base))


WEB, SHOP, TOOL = edge("web", "base"), edge("shop", "web"), edge("tool", "base")


def test_an_image_comes_after_the_image_that_it_is_built_on() -> None:
    assert waves.levels([SHOP, TOOL, WEB]) == ((TOOL, WEB), (SHOP,))


def test_a_circle_is_named() -> None:
    with pytest.raises(Cycle, match="circle"):
        waves.levels([edge("a", "b"), edge("b", "a")])


def test_only_images_whose_base_moved_are_healed() -> None:
    assert waves.next_heals([WEB], {ref("base"): new("base")}) == (
        Heal(ref("web"), old("web"), ref("base"), old("base"), new("base")),
    )
    assert waves.next_heals([WEB], {ref("base"): old("base")}) == ()
    assert waves.next_heals([SHOP], {ref("base"): new("base")}) == ()


def test_an_image_that_is_already_on_the_new_base_counts_as_where_it_is() -> None:
    assert waves.settled([WEB, TOOL], {ref("base"): old("base")}) == {ref("web"): old("web"), ref("tool"): old("tool")}


def test_what_is_built_on_a_failure_is_skipped_with_its_reason() -> None:
    (skipped,) = waves.cut_off([SHOP], {}, {ref("web"): "the build failed"})
    assert (skipped.image, skipped.fate) == (ref("shop"), Fate.SKIPPED)
    assert "the build failed" in skipped.reason
