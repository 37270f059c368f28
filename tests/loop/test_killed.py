"""A process killed at any moment: the next one goes on where it was, repeats no finished step, and ends the same."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from pratique.attest.verify import verify_image
from pratique.loop.requests import Fate, Pushed
from tests.loop.test_journeys import publish_all
from tests.loop.walker import KEY, lines
from tests.loop.world import CHECKOUT, WEB, FileCluster, current, publish_base, world
from tests.support.machine import PROJECT

STEPS = {
    "": ["observe", "tell pushed", "scan", "lineage", "judge", "tell judged", "attest", "record", "dependents"],
    f"/heal/{WEB}": ["plan", "rebase", "scan", "judge", "validate", "attest", "publish", "find workloads"],
    f"/heal/{CHECKOUT}": ["plan", "rebase", "scan", "judge", "validate", "attest", "publish", "find workloads"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A world in which a vulnerable base and its applications are known, and a mended base was just pushed."""
    with world(tmp_path) as parts:
        publish_all(parts)
        FileCluster(tmp_path / "cluster.json").deploy("web", str(WEB.at(current(parts, WEB).digest)))
        (tmp_path / "push.json").write_bytes(msgspec.json.encode(publish_base(parts, "3.1.6")))
    return tmp_path


def walk(folder: Path, when: str) -> int:
    """Run one process; its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.loop.walker", str(folder), when],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, -9), done.stderr
    return done.returncode


def walk_to_the_end(folder: Path, when: str) -> int:
    """Run processes until one reaches the end; how many were killed."""
    kills = 0
    while walk(folder, when):
        kills += 1
        assert kills < 60, "no progress"
    return kills


def assert_healed(folder: Path) -> None:
    result = msgspec.json.decode((folder / "result.json").read_bytes(), type=Pushed)
    assert [(each.image, each.fate) for each in result.healed] == [(WEB, Fate.HEALED), (CHECKOUT, Fate.HEALED)]
    with world(folder) as parts:
        for healed in result.healed:
            assert healed.new == current(parts, healed.image).digest == parts.store.images.tagged(healed.image)
            assert parts.signer is not None
            repository = parts.registry.repository(healed.image)
            assert len(verify_image(repository, healed.new, [parts.signer.public]).verified) == 1
        kinds = Counter((event.kind, event.subject) for event in parts.store.events.all(KEY))
        assert set(kinds.values()) == {1}
    assert FileCluster(folder / "cluster.json").images()["web"]["app"].endswith(str(result.healed[0].new))


def finished(folder: Path) -> Counter[str]:
    return Counter(line.removeprefix("finished ") for line in lines(folder / "log") if line.startswith("finished"))


def test_an_undisturbed_journey_does_every_step_once(folder: Path) -> None:
    assert walk(folder, "never") == 0
    assert_healed(folder)
    done = finished(folder)
    assert set(done.values()) == {1}
    for journey, steps in STEPS.items():
        assert {f"{KEY}{journey} {step}" for step in steps} <= set(done)


@pytest.mark.slow
def test_killed_between_any_two_steps_it_resumes_and_repeats_no_finished_step(folder: Path) -> None:
    kills = walk_to_the_end(folder, "between")
    assert_healed(folder)
    done = finished(folder)
    assert kills >= sum(map(len, STEPS.values()))
    assert set(done.values()) == {1}


@pytest.mark.slow
def test_killed_after_each_act_and_before_it_is_kept_it_repeats_that_one_and_ends_the_same(folder: Path) -> None:
    kills = walk_to_the_end(folder, "unkept")
    assert_healed(folder)
    done = finished(folder)
    assert kills == len(done)
    assert set(done.values()) == {2}
