"""What is in an advisory store and what became of a build: values for people and reports."""

from collections.abc import Mapping

import msgspec

from pratique.model.digest import Digest


class SourceInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A feed: its name (every record's `source`), where it was read from, how many records and the newest's time.

    `checked` is when it was last known to be current (RFC 3339), `licence` what its data are under, and `problem` why
    that was not possible since.
    """

    name: str
    location: str
    count: int = 0
    newest: str = ""
    checked: str = ""
    licence: str = ""
    problem: str = ""


class Priority(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a vulnerability's exploitation: FIRST's probability (0.0-1.0), and whether CISA has seen it."""

    epss: float | None = None
    kev: bool = False


class SkippedRecord(msgspec.Struct, frozen=True):
    """A record that could not be read: its id, or the name of its file where it has none, and why."""

    id: str
    reason: str


class BuildReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a build made: records kept, (record, package) pairs, records replaced by a newer one, what was skipped."""

    digest: Digest
    advisories: int
    affected: int
    seconds: float
    skipped: tuple[SkippedRecord, ...] = ()
    superseded: int = 0


class StoreStatus(msgspec.Struct, frozen=True):
    """What a store holds. `ecosystems` maps each to its (record, package) pairs; `built_at` is RFC 3339 in UTC."""

    built_at: str
    schema: int
    digest: Digest
    advisories: int
    sources: tuple[SourceInfo, ...]
    ecosystems: Mapping[str, int]
