"""Advisories as we keep them: one normalised record per id, origin kept (OSV schema 1.7 is the model)."""

from enum import IntEnum

import msgspec


class Severity(IntEnum):
    """How bad, in the five words that all tools share; UNKNOWN when nobody said."""

    UNKNOWN = 0
    NEGLIGIBLE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """The lower-case word that reports and policies use."""
        return self.name.lower()


class Range(msgspec.Struct, frozen=True, omit_defaults=True):
    """Affected from `introduced` (`0` = the beginning) up to, not including, `fixed`, or up to and including `last`.

    Neither `fixed` nor `last` means: everything from `introduced` on.
    """

    introduced: str = "0"
    fixed: str = ""
    last: str = ""


class Affected(msgspec.Struct, frozen=True, omit_defaults=True):
    """One package that an advisory affects.

    `ecosystem` is OSV's word with its release (`Debian:12`, `Alpine:v3.19`, `PyPI`); `versions` lists exact ones.
    `module` is RPM's `name:stream` that the fix is built for, `*` for a stream that isn't named. `state` is what the
    distribution decided where there is no fix: `unimportant`, `no-dsa`, `postponed`, `ignored`, `end-of-life` ...
    """

    ecosystem: str
    name: str
    ranges: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    module: str = ""
    state: str = ""


class Advisory(msgspec.Struct, frozen=True, omit_defaults=True):
    """One advisory. `score` is CVSS's 0.0-10.0 with its `vector`; times are RFC 3339; `source` is its feed."""

    id: str
    source: str = ""
    aliases: tuple[str, ...] = ()
    summary: str = ""
    affected: tuple[Affected, ...] = ()
    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    vector: str = ""
    published: str = ""
    modified: str = ""
    withdrawn: str = ""
    url: str = ""
