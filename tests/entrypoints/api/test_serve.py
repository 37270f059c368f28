"""`pratique serve` with a real registry and no cluster: from a pushed base to healed images, killed and told wrong."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.attest.verify import verify_image
from tests.entrypoints.api.running import Site, run, serving, site, until
from tests.support.machine import free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path) as made:
        yield made


def publish_all(place: Site) -> None:
    """A vulnerable base, an application on it, and one on that; waits until all are judged."""
    place.push_base("2.10")
    place.push_app("web", "base")
    place.push_app("checkout", "web")
    judged = {str(place.reference(name)) for name in ("base", "web", "checkout")}
    until(lambda: judged <= {each["subject"] for each in place.events() if each["kind"] == "judged"}, "judgements")


def settled(place: Site) -> bool:
    return place.is_on("web", "base") and place.is_on("checkout", "web")


def signatures(place: Site, name: str) -> int:
    repository = place.registry.repository(place.reference(name))
    return len(verify_image(repository, place.current(name).digest, [place.verifier]).verified)


def test_a_pushed_base_heals_what_is_built_on_it(place: Site) -> None:
    with serving(place) as process:
        publish_all(place)
        place.push_base("3.1.6")
        until(lambda: settled(place), "everything to be healed")
        assert [signatures(place, name) for name in ("web", "checkout")] == [1, 1]
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - begun < 10
    log = (place.folder / "serve.log").read_text()
    assert log.count("\n") == 1, log  # it says where it serves, and nothing went wrong


def test_killed_ten_times_it_heals_everything_once(place: Site) -> None:
    chance, versions = random.Random(2026), [f"3.1.{minor}" for minor in range(10)]
    for version in versions:
        with serving(place) as process:
            if version == versions[0]:
                publish_all(place)
            until(lambda: settled(place), f"everything to be healed before {version}", 90)
            place.push_base(version)
            time.sleep(chance.uniform(0.0, 0.8))
            process.kill()
            process.wait(10)
    with serving(place):
        until(lambda: settled(place), "everything to be healed after the last kill", 90)
        until(lambda: len(place.named("web")) == len(place.named("checkout")) == 11, "the registry to tell of it")
        published = [(each["journey"], each["subject"]) for each in place.events() if each["kind"] == "published"]
        assert len(set(published)) == len(published)
    assert place.current("base").runtime.env == (f"V={versions[-1]}",)
    for name in ("web", "checkout"):
        assert len(place.named(name)) == 1 + len(versions)  # the first, and one for each version of the base
        assert signatures(place, name) == 1


def test_ended_in_the_middle_of_a_wave_it_goes_quietly_and_takes_it_up_again(place: Site) -> None:
    with serving(place):
        publish_all(place)
    for version, delay in (("3.1.5", 0.05), ("3.1.6", 0.3)):
        with serving(place) as process:
            place.push_base(version)
            time.sleep(delay)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        with serving(place):
            until(lambda: settled(place), "everything to be healed")
    assert "Traceback" not in (place.folder / "serve.log").read_text()


def test_a_state_folder_is_worked_in_by_one_at_a_time(place: Site) -> None:
    with serving(place):
        other = [*place.arguments(), "--hooks", f"127.0.0.1:{free_port()}"]
        done = run("serve", *other)
    assert done.returncode == 3
    assert done.stderr.startswith(f"pratique: error: {place.folder}/state is in use by another pratique (process ")
    assert done.stderr.count("\n") == 1
