"""Feeds beside OSV: small files written from their published schemas, sound and hostile. Real ones: test_update.py."""

import contextlib
import gzip
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.advisories import debian_tracker, epss, kev, oval, secdb
from pratique.advisories.status import SkippedRecord
from pratique.model.advisory import Advisory, Affected, Range, Severity
from pratique.model.errors import InvalidData

WHEN = "2026-11-23T00:00:00Z"


def parted(
    records: Iterable[Advisory | SkippedRecord],
) -> tuple[dict[tuple[str, ...], Advisory], list[SkippedRecord]]:
    """Advisories by their aliases, and what was skipped."""
    every = list(records)
    found = {each.aliases: each for each in every if isinstance(each, Advisory)}
    return found, [each for each in every if isinstance(each, SkippedRecord)]


def secdb_file(**fixes: list[str] | None) -> bytes:
    return json.dumps({"packages": [{"pkg": {"name": "curl", "secfixes": fixes}}]}).encode()


def read_secdb(data: bytes) -> tuple[dict[tuple[str, ...], Advisory], list[SkippedRecord]]:
    return parted(secdb.parse([("main.json", "Alpine:v3.22", data)], "alpine-secdb", "ALPINE-SECDB", WHEN))


def test_a_secdb_line_s_ids_are_names_of_one_vulnerability_and_its_words_are_not() -> None:
    data = json.dumps(
        {
            "packages": [
                {"pkg": {"name": "curl", "secfixes": {"8.1-r0": ["CVE-2024-1111 (+ fix)", "XSA-9 CVE-2024-2222", "?"]}}}
            ]
        }
    ).encode()
    found, skipped = read_secdb(data)
    assert set(found) == {("CVE-2024-1111",), ("CVE-2024-2222", "XSA-9")}
    assert found["CVE-2024-1111",].affected == (Affected("Alpine:v3.22", "curl", (Range("0", "8.1-r0"),)),)
    assert skipped == []


def test_a_secdb_fix_in_version_0_affects_no_version() -> None:
    found, _ = read_secdb(secdb_file(**{"0": ["CVE-2024-1111"]}))
    assert found["CVE-2024-1111",].affected[0].ranges == (Range("0", "0"),)


def test_wolfi_s_own_id_joins_the_names_that_follow_it_and_is_not_shared_by_packages() -> None:
    names = ["CGA-2grm-rvhw-7j89", "GHSA-w32m-9786-jp63", "CVE-2024-45338", "CGA-3w32-3mxx-gvgj", "CVE-2025-27144"]
    found, _ = read_secdb(secdb_file(**{"1-r0": names}))
    assert set(found) == {("CVE-2024-45338", "GHSA-w32m-9786-jp63"), ("CVE-2025-27144",)}


def test_a_secdb_package_that_makes_no_sense_is_skipped_and_its_neighbours_stay() -> None:
    sound = {"pkg": {"name": "curl", "secfixes": {"1-r0": ["CVE-2024-1111"], "2-r0": None}}}
    wrong: list[Any] = [{"pkg": 7}, {"pkg": {"name": "x", "secfixes": {"1": "no list"}}}, {"pkg": {"secfixes": {}}}]
    empty = {"pkg": {"name": "heimdal", "secfixes": []}}
    found, skipped = read_secdb(json.dumps({"packages": [*wrong, empty, sound]}).encode())
    assert set(found) == {("CVE-2024-1111",)}
    assert [each.id for each in skipped] == [f"main.json, package {place}" for place in range(3)]


def tracker(**releases: dict[str, Any]) -> dict[tuple[str, ...], Advisory]:
    data = json.dumps({"bash": {"CVE-2024-1111": {"description": "a  bug", "releases": releases}}}).encode()
    return parted(debian_tracker.parse(data, "debian-tracker", WHEN))[0]


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ({"status": "open", "urgency": "unimportant"}, "unimportant"),
        ({"status": "open", "urgency": "end-of-life"}, "end-of-life"),
        ({"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": ""}, "no-dsa"),
        ({"status": "open", "nodsa": "Later", "nodsa_reason": "postponed"}, "postponed"),
        ({"status": "open", "nodsa": "No", "nodsa_reason": "ignored"}, "ignored"),
        ({"status": "open", "urgency": "not yet assigned"}, "open"),
    ],
)
def test_debian_says_why_there_is_no_fix(release: dict[str, Any], state: str) -> None:
    [entry] = tracker(bookworm=release)["CVE-2024-1111",].affected
    assert (entry.ecosystem, entry.name, entry.ranges, entry.state) == ("Debian:12", "bash", (Range("0"),), state)


def test_what_debian_mended_never_had_or_has_not_judged() -> None:
    found = tracker(
        bullseye={"status": "resolved", "fixed_version": "5.1-2"},
        bookworm={"status": "resolved", "fixed_version": "0"},
        trixie={"status": "undetermined"},
        sid={"status": "open"},
    )
    advisory = found["CVE-2024-1111",]
    assert {entry.ecosystem: entry.ranges for entry in advisory.affected} == {
        "Debian:11": (Range("0", "5.1-2"),),
        "Debian:12": (Range("0", "0"),),
    }
    assert advisory.summary == "a bug"


def test_unimportant_is_negligible_to_debian() -> None:
    [entry] = tracker(bookworm={"status": "open", "urgency": "unimportant"})["CVE-2024-1111",].affected
    assert entry.severity is Severity.NEGLIGIBLE


def test_a_malformed_issue_is_skipped_and_its_neighbours_stay() -> None:
    sound = {"releases": {"bookworm": {"status": "open"}}}
    data = json.dumps({"bash": {"CVE-2024-1111": 7, "CVE-2024-2222": sound}}).encode()
    found, skipped = parted(debian_tracker.parse(data, "debian-tracker", WHEN))
    assert set(found) == {("CVE-2024-2222",)}
    assert [each.id for each in skipped] == ["CVE-2024-1111 in bash"]


OVAL = """<?xml version="1.0"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
<generator><timestamp>2026-01-01T00:00:00Z</timestamp></generator>
<definitions><definition id="oval:com.microsoft.azurelinux:def:7"><metadata><title>{title}</title>
<reference ref_id="CVE-2024-1111" source="CVE"/><patchable>{patchable}</patchable><severity>High</severity></metadata>
<criteria><criterion test_ref="t"/></criteria></definition></definitions>
<tests><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test></tests>
<objects><rpminfo_object id="o"><name>curl</name></rpminfo_object></objects>
<states><rpminfo_state id="s"><evr operation="{operation}">0:8.1-2.azl3</evr></rpminfo_state></states>
</oval_definitions>"""


def read_oval(
    operation: str = "less than", title: str = "x", patchable: str = "true"
) -> tuple[dict[tuple[str, ...], Advisory], list[SkippedRecord]]:
    data = OVAL.format(operation=operation, title=title, patchable=patchable).encode()
    return parted(oval.parse(data, "Azure Linux:3", "azure-linux", "AZURE-LINUX-3"))


@pytest.mark.parametrize(
    ("operation", "range_"),
    [("less than", Range("0", fixed="8.1-2.azl3")), ("less than or equal", Range("0", last="8.1-2.azl3"))],
)
def test_oval_says_below_which_version_or_up_to_which(operation: str, range_: Range) -> None:
    found, _ = read_oval(operation.replace("<", "&lt;"))
    advisory = found["CVE-2024-1111",]
    assert advisory.id == "AZURE-LINUX-3-7"
    assert advisory.affected == (Affected("Azure Linux:3", "curl", (range_,), severity=Severity.HIGH),)
    assert advisory.modified == "2026-01-01T00:00:00Z"


def test_what_oval_calls_not_applicable_is_no_advisory_and_what_names_no_version_is_skipped() -> None:
    assert read_oval(patchable="Not Applicable") == ({}, [])
    found, [skipped] = read_oval(operation="greater than")
    assert (found, skipped.id) == ({}, "oval:com.microsoft.azurelinux:def:7")


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "' + b"y" * 99 + b'">]><oval_definitions>&x;</oval_definitions>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><oval_definitions/>',
        "<!DOCTYPE a><oval_definitions/>".encode("utf-16"),
        b"<oval_definitions>",
        b"<html></html>",
        b"",
        b"\x1f\x8b" + b"junk",
        gzip.compress(b"<oval_definitions/>")[:-9],
        b"<oval_definitions>&amp;&nothing;</oval_definitions>",
    ],
)
def test_xml_that_declares_anything_or_is_not_sound_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidData):
        list(oval.parse(data, "Azure Linux:3", "azure-linux", "AZURE-LINUX-3"))


def test_a_title_of_ten_megabytes_costs_nothing() -> None:
    found, _ = read_oval(title="y" * 10_000_000)
    assert len(found["CVE-2024-1111",].summary) <= 200


SCORES = b"#model_version:v2025.03.14,score_date:2026-11-23T12:55:00Z\ncve,epss,percentile\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_epss_scores_are_read_and_lines_that_make_no_sense_left_out(pack: Any) -> None:
    lines = b"CVE-2024-1111,0.94321,0.99\nCVE-2024-2222,7,0.1\nnonsense\nCVE-2024-3333,1e-05,0.0\nCVE-1,0.1,0.1\n,,\n"
    assert dict(epss.parse(pack(SCORES + lines))) == {"CVE-2024-1111": 0.94321, "CVE-2024-3333": 1e-05}


@pytest.mark.parametrize("data", [b"", b"<html>", b"\xff\xfe", b"cve;epss\n", gzip.compress(SCORES)[:-5]])
def test_what_is_no_file_of_scores_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidData):
        list(epss.parse(data))


def test_the_catalogue_of_known_exploited_vulnerabilities() -> None:
    assert kev.parse(b'{"vulnerabilities": [{"cveID": "CVE-2024-1111", "x": 1}]}') == {"CVE-2024-1111"}
    for data in (b"", b"[]", b'{"vulnerabilities": [{}]}', b"[" * 100_000):
        with pytest.raises(InvalidData):
            kev.parse(data)


@given(data=st.binary(max_size=200) | st.text('{}[]":,0packgesCVE-<>&', max_size=80).map(str.encode))
def test_no_bytes_break_a_parser(data: bytes) -> None:
    def everything() -> Iterable[Callable[[], object]]:
        yield lambda: list(secdb.parse([("x", "Wolfi", data)], "s", "S", WHEN))
        yield lambda: list(debian_tracker.parse(data, "s", WHEN))
        yield lambda: list(oval.parse(data, "Azure Linux:3", "s", "S"))
        yield lambda: list(epss.parse(data))
        yield lambda: kev.parse(data)

    for read in everything():
        with contextlib.suppress(InvalidData):
            read()
