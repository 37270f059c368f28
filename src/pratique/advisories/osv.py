"""One OSV record (schema 1.7, ossf.github.io/osv-schema) in, one Advisory out. Pure."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from pratique.advisories import bulletins
from pratique.advisories.intervals import Event, intervals
from pratique.advisories.names import normalise
from pratique.advisories.severity import of_score, of_word, score
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Affected, Range, Severity
from pratique.model.errors import InvalidData

_RANGES = frozenset({"ECOSYSTEM", "SEMVER"})
_CVSS = ("CVSS_V2", "CVSS_V3", "CVSS_V4")  # later is preferred
_SUMMARY = 200  # characters
_ID = re.compile(r"[!-~]{1,200}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class _Severity(msgspec.Struct):
    type: str = ""
    score: str = ""


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Range(msgspec.Struct):
    type: str
    events: list[Event] = []


class _Words(msgspec.Struct):
    """The feeds' own severity words, in objects otherwise theirs; of any type, so that none breaks a record."""

    severity: object = None
    urgency: object = None
    custom_ranges: msgspec.Raw = msgspec.Raw()  # Go's: the versions that its module system has no numbers for


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Severity] | None = None
    ecosystem_specific: _Words | None = None
    database_specific: _Words | None = None


class _Reference(msgspec.Struct):
    type: str = ""
    url: str = ""


class _Record(msgspec.Struct):
    id: str
    modified: str
    published: str = ""
    withdrawn: str | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str = ""
    details: str = ""
    severity: list[_Severity] | None = None
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None
    database_specific: _Words | None = None


class _Named(msgspec.Struct):
    id: str = ""


_DECODER = msgspec.json.Decoder(_Record)
_ALL = [Event(introduced="0")]
_RANGES_DECODER = msgspec.json.Decoder(list[_Range])


def parse(data: bytes, source: str, name: str = "") -> Advisory:
    """Read one record. `source` is the feed's name; `name` is what to call a record that has no id.

    Aliases and `upstream` are names of the same vulnerability and become `aliases`; `related` ones are not, but in the
    bulletins of rpm's distributions (see `bulletins`). The score is that of the newest CVSS version given;
    `Affected.severity` is what the feed says of that package alone. Raises InvalidData, naming the record's id.
    """
    try:
        record = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not an OSV record: {_name(data, name)}", _reason(error)) from error
    problem = _problem(record)
    if problem:
        raise InvalidData(f"not an OSV record: {_name(data, name)}", problem)
    return _advisory(record, source)


def records(entries: Iterable[tuple[str, bytes]], source: str) -> Iterator[Advisory | SkippedRecord]:
    """Read many records; one that can't be read becomes a SkippedRecord, and its neighbours stay."""
    for name, data in entries:
        try:
            yield parse(data, source, name)
        except InvalidData as error:
            yield SkippedRecord(error.what.removeprefix("not an OSV record: "), error.hint)


def _advisory(record: _Record, source: str) -> Advisory:
    affected = tuple(_affected(entry, entry.package, record) for entry in record.affected or () if entry.package)
    bulletin = bulletins.is_bulletin(record.id)
    names = [*(record.aliases or ()), *(record.upstream or ())]
    if bulletin:
        affected = bulletins.modular(affected, record.summary)
        names = bulletins.names(record.aliases or (), record.upstream or (), record.related or ())
    vector, points = _best([record.severity, *(entry.severity for entry in record.affected or ())])
    severity = of_score(points, vector) if points is not None else _word(record.database_specific)
    return Advisory(
        id=record.id,
        source=source,
        aliases=tuple(dict.fromkeys(name for name in names if _ID.fullmatch(name))),
        summary=_summary(record),
        affected=affected,
        severity=severity or _listed_word(record.severity) or (_bulletin_word(record) if bulletin else severity),
        score=points,
        vector=vector,
        published=record.published,
        modified=record.modified,
        withdrawn=record.withdrawn or "",
        url=_url(record),
    )


def _affected(entry: _Affected, package: _Package, record: _Record) -> Affected:
    found: list[Range] = []
    for each in _custom(entry) or entry.ranges or ():
        if each.type in _RANGES:
            found += intervals(package.ecosystem, each.events)
    return Affected(
        ecosystem=package.ecosystem,
        name=normalise(package.ecosystem, package.name),
        ranges=tuple(dict.fromkeys(found)),
        versions=tuple(entry.versions or ()),
        severity=_package_severity(entry, package, record),
    )


def _custom(entry: _Affected) -> list[_Range]:
    """Go's ranges where its versions could not be mapped, so that `ranges` only says "all" (vulndb, doc/format.md)."""
    words = entry.ecosystem_specific
    if words is None or not words.custom_ranges or any(each.events != _ALL for each in entry.ranges or ()):
        return []
    try:
        return [each for each in _RANGES_DECODER.decode(words.custom_ranges) if each.type in _RANGES]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _package_severity(entry: _Affected, package: _Package, record: _Record) -> Severity:
    """The distribution's own word first, here or for the whole record: it knows how it built the package; then CVSS."""
    distro = package.ecosystem.partition(":")[0]
    word = (
        _listed_word(entry.severity)
        or _word(entry.ecosystem_specific)
        or _word(entry.database_specific)
        or _listed_word([each for each in record.severity or () if each.type == distro])
    )
    vector, points = _best([entry.severity])
    return word or (of_score(points, vector) if points is not None else Severity.UNKNOWN)


def _best(lists: Iterable[list[_Severity] | None]) -> tuple[str, float | None]:
    """The vector of the newest CVSS version in the first list that has one that can be scored; of two, the higher."""
    for severities in lists:
        scored = [
            (_CVSS.index(each.type), points, each.score)
            for each in severities or ()
            if each.type in _CVSS and (points := score(each.score)) is not None
        ]
        if scored:
            _, points, vector = max(scored)
            return vector, points
    return "", None


def _listed_word(severities: list[_Severity] | None) -> Severity:
    """`severity` entries whose type is a distribution (`Ubuntu`) hold a word."""
    return max((of_word(each.score) for each in severities or () if each.type not in _CVSS), default=Severity.UNKNOWN)


def _word(words: _Words | None) -> Severity:
    if words is None:
        return Severity.UNKNOWN
    return max(of_word(word) if isinstance(word, str) else Severity.UNKNOWN for word in (words.severity, words.urgency))


def _bulletin_word(record: _Record) -> Severity:
    return of_word(bulletins.severity_word(record.summary))


def _summary(record: _Record) -> str:
    text = record.summary.strip() or record.details.strip().partition("\n")[0].strip()
    text = " ".join(text[: 4 * _SUMMARY].split())
    return text if len(text) <= _SUMMARY else text[: _SUMMARY - 1] + "…"


def _url(record: _Record) -> str:
    """The first advisory that the record refers to, else OSV's own page; only web addresses."""
    links = [each.url for each in record.references or () if each.type == "ADVISORY"]
    return next(
        (u for u in links if u.startswith(("https://", "http://"))), f"https://osv.dev/vulnerability/{record.id}"
    )


def _problem(record: _Record) -> str:
    if not _ID.fullmatch(record.id):
        return "its id is not a plain word of at most 200 characters"
    for what in ("modified", "published", "withdrawn"):
        time = getattr(record, what)
        if time and not _TIME.fullmatch(time):
            return f"{what} is not an RFC 3339 time: {time[:40]!r}"
    return "" if record.modified else "it doesn't say when it was modified"


def _name(data: bytes, name: str) -> str:
    try:
        found = msgspec.json.decode(data, type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = ""
    return found if _ID.fullmatch(found) else (name or "a record without an id")


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
