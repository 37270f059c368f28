"""Which records speak of one vulnerability: those that share a name, directly or through others.

A record that names several CVEs is a bulletin (DSA, USN, ALSA). It is evidence for each of them and joins none:
else two bulletins that overlap would make one finding of a dozen vulnerabilities.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pratique.model.advisory import Advisory

_CVE = re.compile(r"CVE-\d+-\d+")
_OF_A_CVE = re.compile(r"[A-Z]+-(CVE-\d+-\d+)")  # DEBIAN-CVE-2024-1234, UBUNTU-CVE-..., ALPINE-CVE-...

_NO_SECURITY = re.compile(r"(?:AL|RL|RH|EL)[BE]A-")  # ALBA-2024:1, RHEA-...


class Group(NamedTuple):
    """One vulnerability: its CVE (else its first record's id), its other names, and its records, all sorted."""

    id: str
    aliases: tuple[str, ...]
    advisories: tuple[Advisory, ...]


def is_cve(name: str) -> bool:
    """Whether a name is a CVE id."""
    return _CVE.fullmatch(name) is not None


def is_bulletin(advisory: Advisory) -> bool:
    """Whether a record speaks of several CVEs, so that its severity is that of the worst of them."""
    return sum(map(is_cve, names(advisory))) > 1


def is_vulnerability(advisory: Advisory) -> bool:
    """Whether a record speaks of a vulnerability: rpm's distributions also publish bug fixes and enhancements."""
    return _NO_SECURITY.match(advisory.id) is None or any(map(is_cve, advisory.aliases))


def names(advisory: Advisory) -> frozenset[str]:
    """All names of a record, with the CVE that its own id is made of."""
    own = _OF_A_CVE.fullmatch(advisory.id)
    return frozenset((advisory.id, *advisory.aliases, *((own[1],) if own else ()))) - {""}


def group(advisories: Iterable[Advisory]) -> tuple[Group, ...]:
    """One group per vulnerability, sorted by id. The order of the records does not matter."""
    joined = _Names()
    members: list[tuple[str, Advisory]] = []
    extra: list[tuple[str, str]] = []
    for advisory in advisories:
        known = names(advisory)
        cves = [name for name in known if is_cve(name)]
        if len(cves) > 1:
            members += [(cve, advisory) for cve in cves]
            extra += [(cve, name) for cve in cves for name in known if name == cve or not is_cve(name)]
        else:
            joined.join(sorted(known))
            members.append((advisory.id, advisory))
    return _collect(joined, members, extra)


def _collect(
    joined: "_Names", members: Sequence[tuple[str, Advisory]], extra: Sequence[tuple[str, str]]
) -> tuple[Group, ...]:
    records: dict[str, set[Advisory]] = {}
    for name, advisory in members:
        records.setdefault(joined.first(name), set()).add(advisory)
    called: dict[str, set[str]] = {first: set() for first in records}
    for name in joined.all():
        called[joined.first(name)].add(name)
    for cve, name in extra:
        called[joined.first(cve)].add(name)
    return tuple(sorted((_group(called[first], records[first]) for first in records), key=lambda found: found.id))


def _group(called: set[str], records: set[Advisory]) -> Group:
    ordered = sorted(records, key=repr) if len({a.id for a in records}) < len(records) else list(records)
    ordered.sort(key=lambda advisory: (advisory.id, advisory.source))
    identity = min(filter(is_cve, called), default=ordered[0].id)
    return Group(identity, tuple(sorted(called - {identity})), tuple(ordered))


class _Names:
    """Names joined into sets (union-find); a set is known by its first name in the alphabet."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def all(self) -> Iterable[str]:
        return self._parent

    def first(self, name: str) -> str:
        parent = self._parent
        root = name
        while parent.get(root, root) != root:
            root = parent[root]
        while parent.get(name, name) != root:
            parent[name], name = root, parent[name]
        return root

    def join(self, together: Sequence[str]) -> None:
        firsts = sorted({self.first(name) for name in together})
        for name in (*firsts, *together):
            self._parent[name] = firsts[0]
