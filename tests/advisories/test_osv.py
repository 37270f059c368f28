"""One OSV record in, one Advisory out."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.advisories import osv
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Range, Severity
from pratique.model.errors import InvalidData
from tests.advisories.records import affected, record

V2 = "AV:N/AC:L/Au:N/C:P/I:P/A:P"
V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"


def parse(**fields: Any) -> Advisory:
    return osv.parse(record(**fields), "osv")


def ranges(ecosystem: str, *events: dict[str, str], kind: str = "ECOSYSTEM") -> tuple[Range, ...]:
    return parse(affected=[affected(ecosystem, "thing", *events, kind=kind)]).affected[0].ranges


def test_a_record_keeps_its_facts() -> None:
    advisory = parse(published="2024-01-01T00:00:00Z", summary="A sandbox escape.", aliases=["CVE-2024-1"])
    assert advisory.id == "TEST-1"
    assert advisory.source == "osv"
    assert advisory.aliases == ("CVE-2024-1",)
    assert advisory.summary == "A sandbox escape."
    assert (advisory.published, advisory.modified) == ("2024-01-01T00:00:00Z", "2024-01-02T03:04:05Z")
    assert advisory.affected[0].ranges == (Range("0", fixed="2.10.1"),)
    assert advisory.url == "https://osv.dev/vulnerability/TEST-1"


def test_upstream_names_the_same_vulnerability_and_related_does_not() -> None:
    advisory = parse(aliases=["GHSA-1"], upstream=["CVE-2024-1", "GHSA-1"], related=["CVE-2023-9"])
    assert advisory.aliases == ("GHSA-1", "CVE-2024-1")


def test_null_lists_are_empty_lists() -> None:
    advisory = parse(
        aliases=[],
        upstream=None,
        affected=[{"package": {"ecosystem": "npm", "name": "x"}, "ranges": [], "versions": []}],
    )
    assert (
        osv.parse(b'{"id":"A-1","modified":"2024-01-01T00:00:00Z","aliases":null,"affected":null}', "osv").affected
        == ()
    )
    assert advisory.affected[0].ranges == ()


def test_a_withdrawn_record_says_so() -> None:
    assert parse(withdrawn="2024-05-05T00:00:00Z").withdrawn == "2024-05-05T00:00:00Z"


def test_several_intervals_in_one_range_stay_apart() -> None:
    found = ranges("PyPI", {"introduced": "1.0"}, {"fixed": "1.5"}, {"introduced": "2.0"}, {"fixed": "2.3"})
    assert found == (Range("1.0", fixed="1.5"), Range("2.0", fixed="2.3"))


def test_unordered_events_are_ordered_as_versions_are() -> None:
    found = ranges("PyPI", {"introduced": "2.0.0"}, {"fixed": "2.0.6"}, {"introduced": "0"}, {"fixed": "1.26.17"})
    assert found == (Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6"))
    assert ranges("Debian:12", {"fixed": "1.10-1"}, {"introduced": "1.9-1"}) == (Range("1.9-1", fixed="1.10-1"),)


def test_events_keep_their_order_where_versions_cannot_be_ordered() -> None:
    events = ({"introduced": "9"}, {"fixed": "10"}, {"introduced": "1"}, {"fixed": "2"})
    assert ranges("ConanCenter", *events) == (Range("9", fixed="10"), Range("1", fixed="2"))
    assert ranges("PyPI", {"introduced": "legacy!"}, {"fixed": "10"}) == (Range("legacy!", fixed="10"),)


def test_last_affected_is_the_last_affected() -> None:
    assert ranges("npm", {"introduced": "1.0.0"}, {"last_affected": "1.4.0"}, kind="SEMVER") == (
        Range("1.0.0", last="1.4.0"),
    )


def test_one_version_alone_can_be_affected() -> None:
    assert ranges("npm", {"last_affected": "5.16.0"}, {"introduced": "5.16.0"}) == (Range("5.16.0", last="5.16.0"),)


def test_no_end_means_everything_from_there_on() -> None:
    assert ranges("Wolfi", {"introduced": "0"}) == (Range("0"),)


def test_fixed_at_the_beginning_affects_nothing() -> None:
    assert ranges("Wolfi", {"introduced": "0"}, {"fixed": "0"}) == ()


def test_the_first_of_several_fixes_counts() -> None:
    assert ranges("PyPI", {"introduced": "0"}, {"fixed": "3.0"}, {"fixed": "2.0"}) == (Range("0", fixed="2.0"),)


def test_a_range_that_goes_on_where_another_ends_is_two_intervals() -> None:
    found = ranges("PyPI", {"introduced": "1"}, {"fixed": "2"}, {"introduced": "2"}, {"fixed": "3"})
    assert found == (Range("1", fixed="2"), Range("2", fixed="3"))


def test_a_limit_ends_an_interval_and_a_star_is_no_limit() -> None:
    assert ranges("PyPI", {"introduced": "1"}, {"limit": "2"}) == (Range("1", fixed="2"),)
    assert ranges("PyPI", {"introduced": "1"}, {"limit": "*"}) == (Range("1"),)


def test_a_range_that_does_not_say_where_it_begins_begins_at_the_beginning() -> None:
    assert ranges("PyPI", {"fixed": "2"}) == (Range("0", fixed="2"),)


def test_git_ranges_are_ignored_and_listed_versions_kept() -> None:
    advisory = parse(
        affected=[affected("PyPI", "x", {"introduced": "0"}, {"fixed": "c0ffee"}, kind="GIT", versions=["1.0", "1.1"])]
    )
    assert advisory.affected[0].ranges == ()
    assert advisory.affected[0].versions == ("1.0", "1.1")


def test_names_are_normalised_as_pypi_does_and_only_there() -> None:
    advisory = parse(affected=[affected("PyPI", "Foo__Bar.baz"), affected("npm", "Foo__Bar.baz")])
    assert [each.name for each in advisory.affected] == ["foo-bar-baz", "Foo__Bar.baz"]


def test_a_package_without_a_name_is_left_out_and_its_neighbours_stay() -> None:
    advisory = parse(affected=[{"ranges": []}, affected("npm", "left-pad")])
    assert [each.name for each in advisory.affected] == ["left-pad"]


@pytest.mark.parametrize(
    ("kind", "vector", "score", "severity"),
    [
        ("CVSS_V2", V2, 7.5, Severity.HIGH),
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Severity.HIGH),
        ("CVSS_V3", V31, 9.8, Severity.CRITICAL),
        ("CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, Severity.MEDIUM),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.NEGLIGIBLE),
        ("CVSS_V4", V4, 8.7, Severity.HIGH),
    ],
)
def test_vectors_are_scored_on_their_own_scale(kind: str, vector: str, score: float, severity: Severity) -> None:
    advisory = parse(severity=[{"type": kind, "score": vector}])
    assert (advisory.score, advisory.vector, advisory.severity) == (score, vector, severity)


def test_the_newest_cvss_version_is_preferred() -> None:
    advisory = parse(
        severity=[{"type": "CVSS_V4", "score": V4}, {"type": "CVSS_V3", "score": V31}, {"type": "CVSS_V2", "score": V2}]
    )
    assert advisory.vector == V4


def test_a_package_s_own_vector_counts_for_it_and_for_a_record_without_one() -> None:
    advisory = parse(affected=[affected("Bitnami", "x", severity=[{"type": "CVSS_V3", "score": V31}])])
    assert advisory.affected[0].severity == Severity.CRITICAL
    assert (advisory.severity, advisory.score) == (Severity.CRITICAL, 9.8)


@pytest.mark.parametrize(
    "vector", ["", "nonsense", "CVSS:3.1/AV:N", "CVSS:4.0/", "CVSS:9.9/AV:N", V31 + "/X:Y", "A" * 10_000_000]
)
def test_a_vector_that_cannot_be_scored_leaves_the_record_whole(vector: str) -> None:
    advisory = parse(severity=[{"type": "CVSS_V3", "score": vector}], database_specific={"severity": "MODERATE"})
    assert (advisory.score, advisory.vector, advisory.severity) == (None, "", Severity.MEDIUM)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("CRITICAL", Severity.CRITICAL), ("HIGH", Severity.HIGH), ("MODERATE", Severity.MEDIUM), ("Low", Severity.LOW),
        ("Important", Severity.HIGH), ("Unknown", Severity.UNKNOWN), (7, Severity.UNKNOWN), (None, Severity.UNKNOWN),
    ],
)  # fmt: skip
def test_a_database_s_word_is_used_where_there_is_no_vector(word: object, severity: Severity) -> None:
    assert parse(database_specific={"severity": word}).severity == severity


@pytest.mark.parametrize(
    ("urgency", "severity"),
    [
        ("not yet assigned", Severity.UNKNOWN), ("end-of-life", Severity.UNKNOWN), ("unimportant", Severity.NEGLIGIBLE),
        ("low", Severity.LOW), ("low**", Severity.LOW), ("medium", Severity.MEDIUM), ("high", Severity.HIGH),
    ],
)  # fmt: skip
def test_debian_s_urgency_is_the_severity_of_its_package(urgency: str, severity: Severity) -> None:
    advisory = parse(affected=[affected("Debian:12", "curl", ecosystem_specific={"urgency": urgency})])
    assert advisory.affected[0].severity == severity


@pytest.mark.parametrize(
    ("priority", "severity"),
    [("negligible", Severity.NEGLIGIBLE), ("medium", Severity.MEDIUM), ("untriaged", Severity.UNKNOWN)],
)
def test_ubuntu_s_priority_is_read(priority: str, severity: Severity) -> None:
    advisory = parse(severity=[{"type": "Ubuntu", "score": priority}], affected=[affected("Ubuntu:22.04:LTS", "curl")])
    assert advisory.severity == severity


def test_ubuntu_s_priority_is_its_package_s_severity_beside_a_vector() -> None:
    both = [{"type": "CVSS_V3", "score": V31}, {"type": "Ubuntu", "score": "low"}]
    advisory = parse(severity=both, affected=[affected("Ubuntu:22.04:LTS", "curl"), affected("PyPI", "curl")])
    assert advisory.severity == Severity.CRITICAL
    assert [each.severity for each in advisory.affected] == [Severity.LOW, Severity.UNKNOWN]


def test_the_url_is_the_first_advisory_and_only_a_web_address() -> None:
    links = [
        {"type": "WEB", "url": "https://a.example"},
        {"type": "ADVISORY", "url": "javascript:alert(1)"},
        {"type": "ADVISORY", "url": "https://b.example"},
    ]
    assert parse(references=links).url == "https://b.example"


def test_without_a_summary_the_first_line_of_the_details_is_short() -> None:
    assert parse(details="First line.\n\nSecond.").summary == "First line."
    assert len(parse(details="word " * 100_000).summary) == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"modified": None}, {"modified": "yesterday"}, {"modified": 5}, {"published": "2024-13"}, {"affected": "all"},
        {"affected": [{"package": {"name": "x"}}]}, {"aliases": "CVE-1"}, {"aliases": [1]},
        {"severity": [{"score": 9.8}]},
        {"affected": [{"package": {"ecosystem": "npm", "name": "x"}, "ranges": [{"events": []}]}]}, {"withdrawn": "no"},
    ],
)  # fmt: skip
def test_a_malformed_record_is_refused_by_its_id(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidData) as raised:
        parse(**fields)
    assert raised.value.what == "not an OSV record: TEST-1"
    assert raised.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"null", b'{"id":"A-1"', b'{"id":"\xff"}', b'{"id":""}',
        b'{"id":"a b","modified":"2024-01-01T00:00:00Z"}', b'{"id":"A","x":' + b"[" * 100_000,
        b'{"id":"' + b"x" * 10_000_000 + b'"}', b"\x00" * 100,
    ],
)  # fmt: skip
def test_what_has_no_id_is_refused_by_its_file_name(data: bytes) -> None:
    with pytest.raises(InvalidData, match=r"not an OSV record: some\.json"):
        osv.parse(data, "osv", "some.json")


def test_a_malformed_record_does_not_take_its_neighbours_along() -> None:
    found = list(
        osv.records(
            [("a.json", record("A-1")), ("b.json", record("B-1", modified=5)), ("c.json", record("C-1"))], "osv"
        )
    )
    assert [each.id for each in found] == ["A-1", "B-1", "C-1"]
    assert isinstance(found[1], SkippedRecord)
    assert "modified" in found[1].reason


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "id",
    "modified",
    "aliases",
    "affected",
    "severity",
    "references",
    "database_specific",
    "withdrawn",
    "summary",
]


@given(fields=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_record_is_read_or_refused(fields: dict[str, Any]) -> None:
    data = json.dumps(json.loads(record()) | fields).encode()
    with contextlib.suppress(InvalidData):
        assert isinstance(osv.parse(data, "osv"), Advisory)


VERSIONS = st.integers(1, 6).map(str)
EVENTS = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), VERSIONS), min_size=1, max_size=6
)


@given(events=EVENTS, data=st.data())
def test_distinct_events_mean_the_same_in_any_order(events: list[tuple[str, str]], data: st.DataObject) -> None:
    distinct = list({version: {kind: version} for kind, version in events}.values())
    shuffled = data.draw(st.permutations(distinct))
    assert ranges("PyPI", *distinct) == ranges("PyPI", *shuffled)


@given(events=EVENTS)
def test_intervals_are_those_of_osv_s_own_evaluation(events: list[tuple[str, str]]) -> None:
    """The schema's "Evaluation": walk the sorted events, and see at the end whether the version was left affected."""
    distinct = [{"introduced": "0"}, *({version: {kind: version} for kind, version in events}.values())]
    found = ranges("PyPI", *distinct)
    for version in range(8):
        vulnerable = False
        for event in sorted(distinct, key=lambda each: int(next(iter(each.values())))):
            ((kind, at),) = event.items()
            if kind == "introduced" and version >= int(at):
                vulnerable = True
            elif (kind == "fixed" and version >= int(at)) or (kind == "last_affected" and version > int(at)):
                vulnerable = False
        held = any(
            int(r.introduced) <= version
            and (not r.fixed or version < int(r.fixed))
            and (not r.last or version <= int(r.last))
            for r in found
        )
        assert held == vulnerable, version
