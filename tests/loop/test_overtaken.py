"""Pushes that come while others are under way, late, twice or in another order: the newest wins in the end."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from pratique.attest.verify import verify_image
from pratique.loop.journeys import journeys
from pratique.loop.parts import Parts
from pratique.loop.pushed import pushed
from pratique.loop.requests import Fate, Push, Pushed
from pratique.loop.steps import Inline
from pratique.registry.images import load, pack
from tests.loop.test_journeys import publish_all, push
from tests.loop.world import (
    BASE,
    CHECKOUT,
    WEB,
    FileCluster,
    current,
    layer,
    publish_app,
    publish_base,
    world,
)
from tests.support.machine import PROJECT

T = TypeVar("T")
HEAL_STEPS = ["aim", "plan", "rebase", "scan", "judge", "validate", "attest", "publish", "find workloads"]


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with world(tmp_path) as opened:
        publish_all(opened)
        yield opened


class Meddler(Inline):
    """Walks a journey, and lets something happen right before a step of its heals, once."""

    def __init__(self, parts: Parts, step: str, happen: Callable[[], object]) -> None:
        super().__init__(journeys(parts), "meddled")
        self._step, self._happen = step, [happen]
        self._parts = parts

    def spawn(self, journey: str, key: str, request: object) -> None:
        """Walk it at once, watched as this one is."""
        import msgspec

        if key not in self._results:
            inner = Meddler(self._parts, self._step, lambda: None)
            inner.journey, inner._results, inner._happen = key, self._results, self._happen
            self._results[key] = self._journeys[journey](inner, msgspec.json.encode(request))

    def run(self, name: str, kind: type[T], act: Callable[[], T]) -> T:
        """Meddle before the step, if it is a heal's."""
        if name == self._step and "/heal/" in self.journey and self._happen:
            self._happen.pop()()
        return super().run(name, kind, act)


def assert_on_newest(parts: Parts, version: str) -> None:
    """Everything in the registry is on the newest base, the store agrees, and each is signed once."""
    base, web, checkout = (current(parts, name) for name in (BASE, WEB, CHECKOUT))
    assert base.runtime.env == (f"V={version}",)
    assert web.diff_ids[: len(base.diff_ids)] == base.diff_ids
    assert checkout.diff_ids[: len(web.diff_ids)] == web.diff_ids
    assert parts.signer is not None
    for name, image in ((BASE, base), (WEB, web), (CHECKOUT, checkout)):
        assert parts.store.images.tagged(name) == image.digest
        assert len(verify_image(parts.registry.repository(name), image.digest, [parts.signer.public]).verified) == 1


@pytest.mark.parametrize("step", HEAL_STEPS)
def test_a_base_pushed_again_while_its_wave_runs_wins(parts: Parts, step: str, tmp_path: Path) -> None:
    cluster = FileCluster(tmp_path / "cluster.json")
    for name in (WEB, CHECKOUT):
        cluster.deploy(name.repository.rpartition("/")[2], str(name.at(current(parts, name).digest)))
    first = publish_base(parts, "3.1.5")
    pushed(parts, Meddler(parts, step, lambda: push(parts, publish_base(parts, "3.1.6"), "again")), first)
    assert_on_newest(parts, "3.1.6")
    for name in (WEB, CHECKOUT):
        running = cluster.images()[name.repository.rpartition("/")[2]]["app"]
        assert running.endswith(current(parts, name).digest)


def test_pushes_told_in_another_order_end_at_what_the_registry_says(parts: Parts) -> None:
    first, second = publish_base(parts, "3.1.5"), publish_base(parts, "3.1.6")
    push(parts, second, "second")
    late = push(parts, first, "first")
    assert [each.fate for each in late.healed] == []
    assert "overtaken" in {event.kind for event in parts.store.events.all()}
    assert_on_newest(parts, "3.1.6")


def test_an_overtaken_base_is_still_known_as_the_base_of_what_was_built_on_it(parts: Parts) -> None:
    early = publish_base(parts, "3.1.5")
    web = publish_app(parts, WEB, BASE)
    push(parts, publish_base(parts, "3.1.6"), "newest")
    push(parts, web, "web")
    push(parts, early, "late")
    push(parts, Push(CHECKOUT, current(parts, CHECKOUT).digest), "checkout")
    base, now = current(parts, BASE), current(parts, WEB)
    assert now.diff_ids[: len(base.diff_ids)] == base.diff_ids


def test_an_application_pushed_on_an_outdated_base_is_healed_at_once(parts: Parts) -> None:
    old = current(parts, BASE)
    push(parts, publish_base(parts, "3.1.6"), "second")
    repository = parts.registry.repository(WEB)
    for each in old.layers:
        repository.mount_blob(each.descriptor, BASE)
    image = pack(repository, [layer({"app/web2.py": b"print(2)\n"})], base=old, tag="1", config={"Cmd": ["web2"]})
    result = push(parts, Push(WEB, image.digest), "ci")
    assert [(each.image, each.fate) for each in result.healed] == [(WEB, Fate.HEALED), (CHECKOUT, Fate.HEALED)]
    assert current(parts, WEB).runtime.cmd == ("web2",)
    assert_on_newest(parts, "3.1.6")


@pytest.mark.parametrize("step", HEAL_STEPS[:-1])
@pytest.mark.parametrize("told", [True, False])
def test_what_a_developer_pushes_while_we_heal_is_never_overwritten(parts: Parts, step: str, told: bool) -> None:
    def develop() -> None:
        below = load(parts.registry.repository(BASE), below_base)
        repository = parts.registry.repository(WEB)
        for each in below.layers:
            repository.mount_blob(each.descriptor, BASE)
        image = pack(repository, [layer({"app/web.py": b"2\n"})], base=below, tag="1", config={"Cmd": ["newer"]})
        if told:
            push(parts, Push(WEB, image.digest), "developer")

    below_base = current(parts, BASE).digest
    pushed(parts, Meddler(parts, step, develop), publish_base(parts, "3.1.6"))
    assert current(parts, WEB).runtime.cmd == ("newer",)
    assert_on_newest(parts, "3.1.6")


def test_a_tag_that_was_deleted_while_we_heal_is_not_brought_back(parts: Parts, tmp_path: Path) -> None:
    index = tmp_path / "registry" / WEB.registry / WEB.repository / "index.json"
    assert index.is_file()

    def delete() -> None:
        index.write_text('{"schemaVersion": 2, "manifests": []}')

    result = pushed(parts, Meddler(parts, "publish", delete), publish_base(parts, "3.1.6"))
    assert [each.fate for each in result.healed] == [Fate.OVERTAKEN, Fate.SKIPPED]
    assert "deleted" in result.healed[0].reason


def test_a_failed_rollout_is_made_good_by_the_next_heal(parts: Parts, tmp_path: Path) -> None:
    cluster = FileCluster(tmp_path / "cluster.json")
    before = str(WEB.at(current(parts, WEB).digest))
    cluster.deploy("web", before)
    push(parts, publish_base(parts, "3.1.5"), "second")
    cluster.deploy("web", before)  # as an undone rollout leaves it
    push(parts, publish_base(parts, "3.1.6"), "third")
    assert cluster.images()["web"]["app"].endswith(current(parts, WEB).digest)


def test_pushes_at_the_same_moment_end_at_the_newest(tmp_path: Path) -> None:
    """Two versions of the base and a new version of the image in between, each told twice, in threads of the engine."""
    script = """
        import sys
        from pathlib import Path
        from pratique.loop.flow import Flow
        from pratique.loop.journeys import journeys
        from tests.loop.test_journeys import publish_all
        from tests.loop.test_overtaken import assert_on_newest
        from tests.loop.world import BASE, WEB, publish_app, publish_base, world

        with world(Path(sys.argv[1])) as parts:
            publish_all(parts)
            flow = Flow(Path(sys.argv[1]) / "flow.db", journeys(parts))
            web = publish_app(parts, WEB, BASE)
            pushes = [publish_base(parts, "3.1.5"), web, publish_base(parts, "3.1.6")]
            for again in ("a", "b"):
                for push in pushes:
                    flow.start("pushed", f"{again}/{push.digest}", push)
            flow.wait(60)
            assert_on_newest(parts, "3.1.6")
            flow.close()
        print("newest")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "newest\n", done.stderr


def test_a_push_is_known_once_it_was_walked(parts: Parts) -> None:
    request = publish_base(parts, "3.1.6")
    results: list[Pushed] = [push(parts, request, each) for each in ("one", "two")]
    assert [each.known for each in results] == [False, True]
