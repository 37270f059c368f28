"""Polling is polite, and sees every change in a time that can be stated."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.loop.polling import Schedule
from pratique.loop.requests import Push
from pratique.loop.watcher import Watcher
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import NotFound, PratiqueError, Unavailable
from pratique.model.reference import Reference
from pratique.registry.images import pack
from pratique.registry.in_memory import InMemoryRegistry


def ref(name: str, registry: str = "one.test") -> Reference:
    return Reference(registry, name, "1")


def schedule(interval: float = 300.0, per_minute: float = 60.0, jitter: Callable[[], float] = lambda: 0.0) -> Schedule:
    return Schedule(jitter, interval=interval, per_minute=per_minute)


def test_a_tag_is_asked_for_once_an_interval() -> None:
    plan = schedule()
    plan.track([ref("base")], 0.0)
    assert plan.take(0.0) == ref("base")
    assert plan.take(299.9) is None
    assert plan.wait(200.0) == 100.0
    assert plan.take(300.0) == ref("base")


def test_one_registry_is_asked_no_more_often_than_its_budget_allows() -> None:
    plan = schedule(per_minute=60)
    plan.track([ref("a"), ref("b"), ref("c", "two.test")], 0.0)
    assert {plan.take(0.0), plan.take(0.0)} == {ref("a"), ref("c", "two.test")}
    assert plan.take(0.5) is None
    assert plan.wait(0.5) == 0.5
    assert plan.take(1.0) == ref("b")


def test_a_registry_that_says_not_now_is_left_alone_and_then_asked_for_the_same_tag_first() -> None:
    plan = schedule()
    plan.track([ref("a"), ref("b"), ref("c", "two.test")], 0.0)
    assert plan.take(0.0) == ref("a")
    plan.pause(ref("a"), 0.0, 120.0)
    assert plan.take(60.0) == ref("c", "two.test")
    assert plan.take(60.0) is None
    assert {plan.take(120.0), plan.take(121.0)} == {ref("a"), ref("b")}


def test_what_is_no_longer_tracked_is_no_longer_asked_for() -> None:
    plan = schedule()
    plan.track([ref("a")], 0.0)
    plan.track([], 1.0)
    assert plan.take(1000.0) is None


@given(
    tags=st.integers(1, 60),
    interval=st.floats(10, 600),
    per_minute=st.floats(6, 600),
    spread=st.floats(0, 1),
)
def test_every_tag_is_asked_for_within_the_stated_delay(
    tags: int, interval: float, per_minute: float, spread: float
) -> None:
    plan = schedule(interval, per_minute, lambda: spread)
    plan.track([ref(f"t{number}") for number in range(tags)], 0.0)
    worst = max(interval, tags * 60 / per_minute) * 1.1 + 60 / per_minute
    asked: dict[Reference, float] = {}
    now, last = 0.0, -1e9
    while now < 3 * worst:
        reference = plan.take(now)
        if reference:
            assert now - last >= 60 / per_minute - 1e-6
            assert now - asked.get(reference, 0.0) <= worst + 1e-6
            asked[reference] = last = now
        now += max(plan.wait(now), 1e-3)
    assert len(asked) == tags


class World:
    """A registry, a clock, and the journeys that a watcher began."""

    def __init__(self) -> None:
        self.registry = InMemoryRegistry()
        self.now = 1_700_000_000.0
        self.begun: dict[str, Push] = {}
        self.tracked = [ref("base")]
        self.watcher = Watcher(self.registry, schedule(), lambda: self.tracked, self.start, lambda: self.now)

    def start(self, key: str, push: Push) -> None:
        self.begun[key] = push

    def publish(self, version: str) -> Digest:
        return pack(self.registry.repository(ref("base")), [version.encode() * 512], tag="1").digest

    def told(self, seconds: float) -> list[Digest]:
        """What a watcher that steps for so long begins."""
        before, end = len(self.begun), self.now + seconds
        while self.now < end:
            self.now += max(min(self.watcher.step(), 30.0), 0.01)
        return [push.digest for push in list(self.begun.values())[before:]]


def test_a_change_begins_one_journey_and_no_change_begins_none() -> None:
    world = World()
    first = world.publish("a")
    assert world.told(1) == [first]
    assert world.told(1000) == []
    second = world.publish("b")
    assert world.told(400) == [second]


def test_a_tag_that_goes_back_and_forth_begins_a_journey_each_time() -> None:
    world = World()
    digests = [world.publish(version) for version in "ab"]
    seen = world.told(1)
    for version in "abab":
        world.publish(version)
        seen += world.told(400)
    assert seen == [digests[1], digests[0], digests[1], digests[0], digests[1]]
    assert len(world.begun) == 5


@pytest.mark.parametrize("trouble", [Unavailable("busy", retry_after=90.0), NotFound("gone")])
def test_trouble_with_a_registry_is_got_over(trouble: PratiqueError) -> None:
    world = World()
    digest = world.publish("a")
    real, calls = world.registry.repository, []

    def broken(reference: Reference) -> object:
        calls.append(world.now)
        raise trouble

    world.registry.repository = broken  # type: ignore[method-assign, assignment]
    assert world.told(1) == []
    world.registry.repository = real  # type: ignore[method-assign]
    assert world.told(400) == [digest]
    assert digest != digest_of(b"")
    assert len(calls) == 1
