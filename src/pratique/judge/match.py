"""Inventory + advisories → findings. Pure: the same packages and records, in any order, give the same findings."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol, runtime_checkable

import msgspec

from pratique import versions
from pratique.judge.aliases import Group, group, is_cve, is_vulnerability
from pratique.judge.ecosystems import Lookup, concerns, lookup, unsupported
from pratique.judge.merge import Hit, LooksUp, finding
from pratique.judge.order import ordered
from pratique.judge.ranges import find_range
from pratique.model.advisory import Advisory
from pratique.model.finding import Finding
from pratique.model.inventory import Inventory, Package, Skipped

_SHOWN = 5  # advisories named in the reason for something unmatched


class FindsAdvisories(Protocol):
    """What matching needs of the advisories: the store, or a dictionary in a test."""

    def find(self, ecosystem: str, name: str) -> Sequence[Advisory]:
        """All records of a package; their `affected` has the entries of that ecosystem and name alone."""


@runtime_checkable
class KnowsEcosystems(Protocol):
    """Advisories that can say what they hold, so that "nothing found" and "nothing known" are told apart."""

    def ecosystems(self) -> Collection[str]:
        """The ecosystems, with their releases, of which there are any records."""


class Exploitation(Protocol):
    """What is known of a vulnerability's exploitation."""

    @property
    def epss(self) -> float | None:
        """FIRST's probability of exploitation in 30 days, 0.0-1.0."""

    @property
    def kev(self) -> bool:
        """Whether it is in CISA's catalogue."""


@runtime_checkable
class KnowsPriorities(Protocol):
    """Advisories that also know which vulnerabilities are exploited."""

    def priority(self, name: str) -> Exploitation | None:
        """What is known of a CVE."""


class MatchResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """Findings, and what could not be compared with advisories: an unsupported distribution, an unreadable version."""

    findings: tuple[Finding, ...] = ()
    unmatched: tuple[Skipped, ...] = ()


def match(inventory: Inventory, advisories: FindsAdvisories, look_up: LooksUp | None = None) -> tuple[Finding, ...]:
    """The findings of `match_all`, for callers that show elsewhere what was not matched."""
    return match_all(inventory, advisories, look_up).findings


def match_all(inventory: Inventory, advisories: FindsAdvisories, look_up: LooksUp | None = None) -> MatchResult:
    """Match every package with its advisories; findings are sorted by severity, vulnerability, package.

    Distribution packages are matched by source package and its version; language packages that belong to one of them
    (`Package.owner`) are left to it. Withdrawn records are not findings. Records of one vulnerability (shared aliases)
    make one finding per package. `look_up` (a store's `get`) fills in a severity that the matched records lack.
    Where `advisories` can say which ecosystems they hold, packages of others are reported as unmatched.
    """
    found: list[Finding] = []
    missed: set[Skipped] = set(unsupported(inventory))
    answers: dict[Lookup, _Answer] = {}
    for package in inventory.packages:
        question = lookup(package, inventory.distro)
        if question is None or package.owner:
            continue
        if question not in answers:
            answers[question] = _answer(package, question, advisories, look_up)
        answer = answers[question]
        found += (msgspec.structs.replace(one, package=package) for one in answer.findings)
        if answer.problems:
            missed.add(_skipped(package, question, answer.problems))
    missed |= set(_unknown(inventory, advisories))
    return MatchResult(ordered(_with_priorities(found, advisories)), tuple(sorted(missed)))


def _with_priorities(findings: list[Finding], advisories: FindsAdvisories) -> Iterator[Finding]:
    """The findings with the exploitation of their CVEs."""
    if not isinstance(advisories, KnowsPriorities):
        yield from findings
        return
    ask = cache(advisories.priority)
    for one in findings:
        known = [answer for name in (one.id, *one.aliases) if is_cve(name) and (answer := ask(name))]
        epss = max((each.epss for each in known if each.epss is not None), default=None)
        kev = any(each.kev for each in known)
        yield msgspec.structs.replace(one, epss=epss, kev=kev) if known else one


def _unknown(inventory: Inventory, advisories: FindsAdvisories) -> Iterator[Skipped]:
    """Ecosystems of which the advisories hold nothing at all, with how many packages that leaves out."""
    if not isinstance(advisories, KnowsEcosystems):
        return
    held = frozenset(advisories.ecosystems())
    questions = (lookup(package, inventory.distro) for package in inventory.packages if not package.owner)
    asked = Counter(question.ecosystems for question in questions if question)
    for ecosystems, count in asked.items():
        if held.isdisjoint(ecosystems):
            packages = "1 package" if count == 1 else f"{count} packages"
            yield Skipped(ecosystems[0], f"no advisories of {ecosystems[0]} are known here: {packages} not matched")


class _Answer(NamedTuple):
    """What advisories say of a source package's version: the same for all packages built from it."""

    findings: tuple[Finding, ...]
    problems: dict[str, str]  # by advisory


def _answer(package: Package, question: Lookup, advisories: FindsAdvisories, look_up: LooksUp | None) -> _Answer:
    records = (
        advisory
        for ecosystem in question.ecosystems
        for name in question.names
        for advisory in advisories.find(ecosystem, name)
        if not advisory.withdrawn and is_vulnerability(advisory)
    )
    problems: dict[str, str] = {}
    groups = [(one, tuple(_hits(one, question, problems))) for one in group(records)]
    findings = (finding(package, question.version, one, hits, look_up) for one, hits in groups if hits)
    return _Answer(tuple(findings), problems)


def _hits(one: Group, question: Lookup, problems: dict[str, str]) -> Iterator[Hit]:
    for advisory in one.advisories:
        for affected in advisory.affected:
            if not concerns(question, affected.module):
                continue
            try:
                words = find_range(affected, question.version)
            except versions.InvalidVersion as error:
                problems[advisory.id] = str(error)
                continue
            if words:
                yield Hit(advisory, affected, words)


def _skipped(package: Package, question: Lookup, problems: dict[str, str]) -> Skipped:
    named = sorted(problems)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    reason = (
        f"{package.name[:80]} {question.version[:80]} can't be compared with {', '.join(named[:_SHOWN])}{more}: "
        f"{problems[named[0]]}"
    )
    return Skipped(package.locations[0].path if package.locations else package.purl, reason)
