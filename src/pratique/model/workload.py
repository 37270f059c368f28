"""What runs in a cluster."""

from enum import StrEnum

import msgspec

from pratique.model.digest import Digest


class Container(msgspec.Struct, frozen=True, omit_defaults=True):
    """A container of a workload's template: its name, the image string as written, and the digests that really run."""

    name: str
    image: str
    running: tuple[Digest, ...] = ()
    init: bool = False


class Workload(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that makes pods, or a bare pod."""

    namespace: str
    kind: str
    name: str
    containers: tuple[Container, ...] = ()

    @property
    def id(self) -> str:
        """`namespace/kind/name`, for people and keys."""
        return f"{self.namespace}/{self.kind}/{self.name}"


class Stage(StrEnum):
    """Where a rollout is."""

    WAITING = "waiting"
    PROGRESSING = "progressing"
    COMPLETE = "complete"
    FAILED = "failed"
    UNDONE = "undone"


class RolloutState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the rollout of a workload is and what was seen on the way."""

    workload: str
    stage: Stage
    message: str = ""
