"""When a task runs by itself: a base image that moved, the clock, a commit (ACR Tasks: triggers). Pure."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from pratique.model.digest import Digest
from pratique.model.reference import Reference
from pratique.remediate.tasks import cron
from pratique.remediate.tasks.dependencies import Dependencies


class BaseImageTriggerType(StrEnum):
    """Which bases count: those that are in the result, or those used while building too."""

    RUNTIME = "Runtime"
    ALL = "All"


class BaseImageTrigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """Run when a base image moves. `endpoint` is called by ACR (preview); the token is not kept here."""

    name: str = "defaultBaseimageTriggerName"
    type: BaseImageTriggerType = BaseImageTriggerType.RUNTIME
    enabled: bool = True
    endpoint: str = ""


class TimerTrigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """Run at these times: NCronTab, UTC."""

    name: str
    schedule: str
    enabled: bool = True


class SourceTrigger(msgspec.Struct, frozen=True, omit_defaults=True):
    """Run when the source moves: `events` are `commit` and `pullrequest`."""

    name: str
    repository: str
    branch: str = "master"
    provider: str = "Github"
    events: tuple[str, ...] = ("commit",)
    enabled: bool = True


class Triggers(msgspec.Struct, frozen=True, omit_defaults=True):
    """All triggers of a task."""

    base_image: BaseImageTrigger | None = None
    timers: tuple[TimerTrigger, ...] = ()
    sources: tuple[SourceTrigger, ...] = ()


class BaseUpdate(msgspec.Struct, frozen=True):
    """A tag that moved."""

    image: Reference
    old: Digest | None
    new: Digest


class Due(msgspec.Struct, frozen=True):
    """A timer and when it next fires."""

    timer: str
    at: datetime


def triggered_by(
    triggers: Triggers, dependencies: Dependencies, updates: Iterable[BaseUpdate]
) -> tuple[BaseUpdate, ...]:
    """The updates that make a task run, to be answered by one run: same name and tag, other digest.

    A base that is pinned by digest never triggers, nor one that moved to another tag.
    """
    trigger = triggers.base_image
    if trigger is None or not trigger.enabled:
        return ()
    watched = dependencies.tracked(all_bases=trigger.type is BaseImageTriggerType.ALL)
    names = {reference for reference in watched if reference.tag and not reference.digest}
    return tuple(update for update in updates if update.image in names and update.old != update.new)


def next_due(triggers: Triggers, after: datetime) -> tuple[Due, ...]:
    """When each enabled timer fires next, soonest first. Raises UsageError for a schedule that is none."""
    dues = [(timer.name, cron.next_run(timer.schedule, after)) for timer in triggers.timers if timer.enabled]
    return tuple(sorted((Due(name, at) for name, at in dues if at), key=lambda due: (due.at, due.timer)))


def source_triggers(triggers: Triggers, repository: str, branch: str, event: str) -> tuple[SourceTrigger, ...]:
    """The triggers that an event in a source repository fires. A pull request counts by the branch it goes to."""
    return tuple(
        trigger
        for trigger in triggers.sources
        if trigger.enabled
        and event in trigger.events
        and branch.removeprefix("refs/heads/") == trigger.branch
        and _plain_address(repository) == _plain_address(trigger.repository)
    )


def _plain_address(address: str) -> str:
    return address.partition("#")[0].rstrip("/").removesuffix(".git").lower()
