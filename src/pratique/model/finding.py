"""A finding: this package has this vulnerability, for this reason, and this would mend it."""

from enum import StrEnum

import msgspec

from pratique.model.advisory import Severity
from pratique.model.inventory import Package


class State(StrEnum):
    """Where a finding stands, in the words of VEX."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a package matched: the record, its feed, the ecosystem and name asked for, the version, the range hit."""

    advisory: str
    source: str
    ecosystem: str
    name: str
    version: str
    range: str


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One vulnerability in one package; `id` is the CVE where one is known and `aliases` are all its other names.

    `fix_versions` are versions of the package (or its source package) that mend it, nearest first; empty: none known.
    `in_base` says whether the package came with the base image; None where that isn't known.
    `epss` is FIRST's probability (0.0-1.0) of exploitation in the next 30 days; `kev`: CISA knows of exploitation.
    `vendor_state` is what the distribution decided where it has no fix (`no-dsa`, `postponed`, `end-of-life` ...).
    """

    id: str
    package: Package
    severity: Severity
    state: State = State.AFFECTED
    aliases: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    score: float | None = None
    vector: str = ""
    summary: str = ""
    published: str = ""
    modified: str = ""
    url: str = ""
    in_base: bool | None = None
    epss: float | None = None
    kev: bool = False
    vendor_state: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same one: vulnerability, package type and name; the version may move."""
        return (self.id, self.package.type.value, self.package.name)
