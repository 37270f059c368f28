"""How a task runs, on the twin executor in a virtual time: every property of a step that bears on it, by its name."""

import pytest

from pratique.remediate.tasks.course import Verb
from pratique.remediate.tasks.in_memory import Scripted
from pratique.remediate.tasks.run import Status
from tests.remediate.tasks.tasks import Twin

BAD = Scripted(1, "ended with 1")
GOOD = Scripted(1)
OK, FAILED, SKIPPED, CANCELLED = Status.SUCCESSFUL, Status.FAILED, Status.SKIPPED, Status.CANCELLED


def steps(*lines: str, head: str = "") -> str:
    return head + "steps:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def test_steps_without_when_run_one_after_the_other() -> None:
    twin = Twin(steps("id: a, cmd: x", "id: b, cmd: x", "id: c, cmd: x"))
    assert [twin.began(name) for name in "abc"] == [[0], [1], [2]]
    assert twin.result.successful


def test_when_dash_starts_at_once() -> None:
    twin = Twin(steps("id: a, cmd: x", "id: b, cmd: x, when: ['-']", "id: c, cmd: x, when: ['-']"))
    assert [twin.began(name) for name in "abc"] == [[0], [0], [0]]


def test_when_ids_waits_for_all_of_them_and_no_others() -> None:
    text = steps(
        "id: slow, cmd: x, when: ['-']",
        "id: a, cmd: x, when: ['-']",
        "id: b, cmd: x, when: ['-']",
        "id: c, cmd: x, when: [a, b]",
    )
    twin = Twin(text, slow=[Scripted(10)], b=[Scripted(3)])
    assert twin.began("c") == [3]


def test_a_step_without_when_after_a_parallel_one_waits_for_that_one_alone() -> None:
    twin = Twin(steps("id: a, cmd: x", "id: b, cmd: x, when: ['-']", "id: c, cmd: x"), a=[Scripted(9)])
    assert twin.began("c") == [1]


def test_the_first_failure_stops_the_run_and_leaves_the_rest_undone() -> None:
    text = steps("id: bad, cmd: x, when: ['-']", "id: slow, cmd: x, when: ['-']", "id: later, cmd: x, when: [slow]")
    twin = Twin(text, bad=[Scripted(2, "ended with 7")], slow=[Scripted(100)])
    assert twin.status == {"bad": FAILED, "slow": CANCELLED, "later": SKIPPED}
    assert twin.executor.stopped == 2
    assert twin.result.failure == "step bad failed: ended with 7"
    assert not twin.result.successful


def test_ignore_errors_lets_dependents_run() -> None:
    twin = Twin(steps("id: bad, cmd: x, ignoreErrors: true", "id: next, cmd: x"), bad=[BAD])
    assert twin.status == {"bad": OK, "next": OK}
    assert twin.result.steps[0].problems == ("ended with 1",)
    assert ("bad", "failed, and ignores errors: ended with 1") in twin.seen


def test_retries_try_again_after_retry_delay() -> None:
    twin = Twin(steps("id: a, cmd: x, retries: 3, retryDelay: 10"), a=[BAD, BAD, GOOD])
    assert twin.began("a") == [0, 11, 22]
    assert twin.result.successful
    assert twin.result.steps[0].attempts == 3


def test_retry_delay_is_five_seconds_unless_said() -> None:
    assert Twin(steps("id: a, cmd: x, retries: 1"), a=[BAD, GOOD]).began("a") == [0, 6]


def test_retries_that_all_fail_fail_the_step_once() -> None:
    twin = Twin(steps("id: a, cmd: x, retries: 2, retryDelay: 0"), a=[BAD])
    assert twin.began("a") == [0, 1, 2]
    assert twin.result.steps[0].problems == ("ended with 1",)


def test_retry_on_errors_tries_again_only_for_these_words() -> None:
    text = steps("id: a, cmd: x, retries: 5, retryDelay: 0, retryOnErrors: [timeout, 503]")
    twin = Twin(text, a=[Scripted(1, "ended with 1", "got 503"), Scripted(1, "ended with 1", "denied")])
    assert len(twin.began("a")) == 2
    assert twin.status == {"a": FAILED}


def test_repeat_runs_that_often_more() -> None:
    assert Twin(steps("id: a, cmd: x, repeat: 2")).began("a") == [0, 1, 2]


def test_a_repeat_that_fails_fails_the_step_after_all_rounds_each_with_its_retries() -> None:
    text = steps("id: a, cmd: x, repeat: 1, retries: 1, retryDelay: 1")
    twin = Twin(text, a=[BAD, BAD, GOOD])
    assert twin.began("a") == [0, 2, 3]
    assert twin.status == {"a": FAILED}
    assert twin.result.steps[0].problems == ("ended with 1",)


def test_timeout_ends_the_step_and_is_not_retried() -> None:
    twin = Twin(steps("id: a, cmd: x, timeout: 30, retries: 3"), a=[Scripted(100)])
    assert twin.result.steps[0].seconds == 30
    assert twin.result.steps[0].problems == ("took more than 30 s",)
    assert twin.began("a") == [0]


def test_timeout_covers_retries_and_repeats_together() -> None:
    twin = Twin(steps("id: a, cmd: x, timeout: 10, retries: 9, retryDelay: 4"), a=[Scripted(3, "ended with 1")])
    assert twin.began("a") == [0, 7]
    assert twin.result.steps[0].seconds == 10


def test_step_timeout_is_for_steps_without_their_own() -> None:
    text = steps("id: a, cmd: x", "id: b, cmd: x, timeout: 50, when: ['-']", head="stepTimeout: 20\n")
    twin = Twin(text, a=[Scripted(20)], b=[Scripted(45)])
    assert twin.result.successful
    assert Twin(text, a=[Scripted(21)]).result.steps[0].problems == ("took more than 20 s",)


def test_step_timeout_is_ten_minutes_unless_said() -> None:
    assert Twin(steps("id: a, cmd: x"), a=[Scripted(601)]).result.steps[0].seconds == 600


def test_start_delay_comes_before_the_timeouts_clock() -> None:
    twin = Twin(steps("id: a, cmd: x, startDelay: 60, timeout: 5"), a=[Scripted(4)])
    assert twin.began("a") == [60]
    assert twin.result.successful


def test_detach_ends_the_step_as_soon_as_it_runs() -> None:
    twin = Twin(steps("id: web, cmd: x, detach: true", "id: test, cmd: x"), web=[Scripted(1000)])
    assert twin.began("test") == [0]
    assert twin.executor.stopped == 1


def test_pull_comes_first_with_its_own_retries() -> None:
    text = steps("id: a, cmd: x, pull: true, cmdDownloadRetries: 2, cmdDownloadRetryDelay: 3")
    twin = Twin(text, a=[BAD, BAD, GOOD, GOOD])
    assert [act.verb for _, act in twin.executor.acts if act.verb is not Verb.WAIT] == [Verb.PULL] * 3 + [Verb.RUN]
    assert twin.began("a") == [0, 4, 8, 9]


def test_a_pull_that_fails_fails_the_step_before_it_runs() -> None:
    twin = Twin(steps("id: a, cmd: x, pull: true"), a=[BAD])
    assert twin.executor.began("a", Verb.RUN) == []
    assert twin.status == {"a": FAILED}


def test_push_tries_each_image_three_times_with_growing_pauses_whatever_retries_says() -> None:
    twin = Twin(steps("id: p, push: [r.test/a, 'r.test/b:1'], retries: 9"), p=[BAD, BAD, GOOD])
    assert twin.began("p") == [0, 2, 5, 6]
    assert [pushed.image for pushed in twin.result.pushed] == ["r.test/a:latest", "r.test/b:1"]


def test_a_push_that_fails_names_what_was_pushed_before() -> None:
    twin = Twin(steps("id: p, push: [r.test/a, r.test/b]"), p=[GOOD, BAD])
    assert twin.status == {"p": FAILED}
    assert [pushed.image for pushed in twin.result.pushed] == ["r.test/a:latest"]


def test_steps_are_told_of_as_they_go() -> None:
    assert Twin(steps("id: a, cmd: x")).seen == [("a", "started"), ("a", "successful")]


@pytest.mark.parametrize("failing", ["a", "b", "c", "d"])
def test_no_step_starts_before_those_it_waits_for_have_ended_well(failing: str) -> None:
    text = steps(
        "id: a, cmd: x", "id: b, cmd: x", "id: c, cmd: x, when: [a]", "id: d, cmd: x, when: [b, c]", "id: e, cmd: x"
    )
    twin = Twin(text, **{failing: [Scripted(2, "ended with 1")]})
    assert twin.status[failing] is FAILED
    assert twin.status["e"] is SKIPPED
    assert list(twin.status) == ["a", "b", "c", "d", "e"]
