"""What the bulletins of rpm's distributions (ALSA, RLSA, RHSA, SUSE-SU ...) say in their own way. Pure.

They name their CVEs as `related`, their severity before the summary's colon, their module's stream in the summary
(`Important: nodejs:16 security update`), and one fix for each rebuild of a module.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from pratique import versions
from pratique.model.advisory import Affected

_BULLETIN = re.compile(r"(?:AL|RL|RH|EL)[SBE]A-|(?:open)?SUSE-|MGASA-|OESA-")
_CVE = re.compile(r"CVE-\d+-\d+")
_SEVERITY = re.compile(r"(Critical|Important|Moderate|Low): ")
_STREAM = re.compile(r"(?<![\w:.+-])([A-Za-z0-9_.+-]{1,80}:[A-Za-z0-9_.+-]{1,80})(?= )")
_MODULAR = ".module"
ANY_STREAM = "*"


def is_bulletin(identity: str) -> bool:
    """Whether an id is that of such a bulletin."""
    return _BULLETIN.match(identity) is not None


def names(aliases: Sequence[str], upstream: Sequence[str], related: Iterable[str]) -> list[str]:
    """A bulletin's names: where it gives no aliases, the CVEs that it calls related are what it mends."""
    return [*aliases, *upstream] or [name for name in related if _CVE.fullmatch(name)]


def severity_word(summary: str) -> str:
    """The word before the summary's colon, or empty."""
    match = _SEVERITY.match(summary)
    return match[1] if match else ""


def modular(entries: Iterable[Affected], summary: str) -> tuple[Affected, ...]:
    """The entries with the module that their fix is built for, one for all rebuilds of the same release.

    `2.8.5-11.module_el8.4.0+2249` and `2.8.5-11.module_el8.5.0+71` are one release built twice: whoever has either has
    the fix, so the lower one counts.
    """
    stream = _STREAM.search(_SEVERITY.sub("", summary + " ", count=1))
    kept: dict[tuple[str, str, str], Affected] = {}
    for entry in entries:
        fixed = entry.ranges[0].fixed if len(entry.ranges) == 1 else ""
        release, mark, _ = fixed.partition(_MODULAR)
        if mark:
            entry = msgspec.structs.replace(entry, module=stream[1] if stream else ANY_STREAM)
        place = (entry.ecosystem, entry.name, release if mark else repr(entry))
        before = kept.get(place)
        if before is None or _lower(entry.ecosystem, fixed, before.ranges[0].fixed):
            kept[place] = entry
    return tuple(kept.values())


def _lower(ecosystem: str, one: str, other: str) -> bool:
    try:
        return versions.key(ecosystem, one) < versions.key(ecosystem, other)
    except versions.InvalidVersion:
        return False
