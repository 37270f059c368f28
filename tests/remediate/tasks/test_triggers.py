from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.digest import digest_of
from pratique.model.errors import PratiqueError, UsageError
from pratique.model.reference import Reference
from pratique.remediate.tasks import cron
from pratique.remediate.tasks.dependencies import Dependencies, Dependency, DependencyKind
from pratique.remediate.tasks.triggers import (
    BaseImageTrigger,
    BaseImageTriggerType,
    BaseUpdate,
    SourceTrigger,
    TimerTrigger,
    Triggers,
    next_due,
    source_triggers,
    triggered_by,
)

NOW = datetime(2026, 11, 24, 10, 30, 15, tzinfo=UTC)  # a Tuesday
RUNTIME, BUILDTIME, PINNED = (
    Reference.parse(name) for name in ("r.test/run:1", "r.test/sdk:1", f"r.test/x:1@{digest_of(b'')}")
)
NEEDS = Dependencies(
    (
        Dependency("b", DependencyKind.RUNTIME, RUNTIME),
        Dependency("b", DependencyKind.BUILDTIME, BUILDTIME),
        Dependency("b", DependencyKind.RUNTIME, PINNED),
        Dependency("c", DependencyKind.COMMAND, Reference.parse("r.test/tool:1")),
    )
)


def moved(image: Reference) -> BaseUpdate:
    return BaseUpdate(image, digest_of(b"old"), digest_of(b"new"))


def fired(kind: BaseImageTriggerType, *images: Reference, enabled: bool = True) -> list[Reference]:
    triggers = Triggers(BaseImageTrigger(type=kind, enabled=enabled))
    return [update.image for update in triggered_by(triggers, NEEDS, [moved(image) for image in images])]


def test_runtime_triggers_on_the_runtime_base_alone() -> None:
    assert fired(BaseImageTriggerType.RUNTIME, RUNTIME, BUILDTIME) == [RUNTIME]


def test_all_triggers_on_build_time_bases_too() -> None:
    assert fired(BaseImageTriggerType.ALL, RUNTIME, BUILDTIME) == [RUNTIME, BUILDTIME]


def test_another_tag_a_pinned_base_and_a_commands_image_never_trigger() -> None:
    images = [RUNTIME.tagged("2"), PINNED, Reference.parse("r.test/tool:1")]
    assert fired(BaseImageTriggerType.ALL, *images) == []


def test_the_same_digest_again_does_not_trigger() -> None:
    same = BaseUpdate(RUNTIME, digest_of(b"x"), digest_of(b"x"))
    assert triggered_by(Triggers(BaseImageTrigger()), NEEDS, [same]) == ()


def test_a_disabled_trigger_or_none_does_not_trigger() -> None:
    assert fired(BaseImageTriggerType.ALL, RUNTIME, enabled=False) == []
    assert triggered_by(Triggers(), NEEDS, [moved(RUNTIME)]) == ()


@pytest.mark.parametrize(
    ("expression", "when"),
    [
        ("* * * * *", "2026-11-24T10:31"),
        ("*/15 * * * *", "2026-11-24T10:45"),
        ("5/20 * * * *", "2026-11-24T10:45"),
        ("0 12 * * *", "2026-11-24T12:00"),
        ("0 9 * * 1-5", "2026-11-25T09:00"),
        ("0 9 * * Mon-Fri", "2026-11-25T09:00"),
        ("0 0 * * 0", "2026-11-29T00:00"),
        ("0 0 * * sunday", "2026-11-29T00:00"),
        ("30 3 1 Jan *", "2027-01-01T03:30"),
        ("0 0 1,15 * *", "2026-12-01T00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 17-9/4 * * *", "2026-11-24T13:00"),
        ("0 0 13 * Fri", "2027-08-13T00:00"),
        ("0 0 13 * 5", "2027-08-13T00:00"),
    ],
)
def test_a_timer_is_ncrontab_where_both_days_must_match(expression: str, when: str) -> None:
    assert cron.next_run(expression, NOW) == datetime.fromisoformat(when).replace(tzinfo=UTC)


def test_a_day_that_never_is_has_no_next_run() -> None:
    assert cron.next_run("0 0 30 2 *", NOW) is None


def test_times_are_utc_whatever_zone_it_is_asked_in() -> None:
    east = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00+05:00").tzinfo)
    assert cron.next_run("0 12 * * *", east) == datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        *("", "* * * *", "0 * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *"),
        *("* * * * 7", "* * * * L", "* * L * *", "* * * * 5#2", "*/0 * * * *", "a * * * *", "1- * * * *", "@daily"),
        *("* * * * Mo", "*-5 * * * *", "1,,2 * * * *", "99999 * * * *", "٣ * * * *"),
    ],
)
def test_what_ncrontab_does_not_know_is_refused(expression: str) -> None:
    with pytest.raises(UsageError, match="timer"):
        cron.next_run(expression, NOW)


NUMBERS = st.tuples(
    st.integers(0, 59),
    st.integers(0, 23),
    st.integers(1, 28),
    st.integers(1, 12),
    st.sets(st.integers(0, 6), min_size=1),
)


@given(NUMBERS, st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - given
def test_the_next_run_matches_every_field_and_is_later(
    numbers: tuple[int, int, int, int, set[int]], after: datetime
) -> None:
    minute, hour, day, month, days = numbers
    found = cron.next_run(f"{minute} {hour} {day} {month} {','.join(map(str, sorted(days)))}", after)
    assert found is not None
    assert found > after
    assert (found.minute, found.hour, found.day, found.month) == (minute, hour, day, month)
    assert (found.weekday() + 1) % 7 in days


@given(st.text("0123456789*/,-LW#MonJan ", max_size=20))
def test_no_expression_makes_it_fail_otherwise(expression: str) -> None:
    try:
        found = cron.next_run(expression, NOW)
    except PratiqueError:
        return
    assert found is None or found > NOW


def test_the_next_timers_come_soonest_first_without_disabled_ones() -> None:
    timers = (
        TimerTrigger("late", "0 23 * * *"),
        TimerTrigger("soon", "* * * * *"),
        TimerTrigger("off", "* * * * *", enabled=False),
    )
    dues = next_due(Triggers(timers=timers), NOW)
    assert [due.timer for due in dues] == ["soon", "late"]
    assert dues[0].at - NOW < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("address", "branch", "event", "fires"),
    [
        ("https://host.test/me/app.git", "main", "commit", True),
        ("https://host.test/me/app", "refs/heads/main", "commit", True),
        ("https://HOST.test/me/app#main", "main", "commit", True),
        ("https://host.test/me/app", "other", "commit", False),
        ("https://host.test/me/app", "main", "pullrequest", False),
        ("https://host.test/me/else", "main", "commit", False),
    ],
)
def test_a_source_trigger_is_for_its_repository_branch_and_events(
    address: str, branch: str, event: str, fires: bool
) -> None:
    trigger = SourceTrigger("s", "https://host.test/me/app.git", "main")
    assert bool(source_triggers(Triggers(sources=(trigger,)), address, branch, event)) is fires
