"""What rpm's distributions say in their bulletins, and Go where its versions have no numbers."""

from typing import Any

from pratique.advisories import osv
from pratique.model.advisory import Advisory, Range, Severity
from tests.advisories.records import affected, record

ZERO = {"introduced": "0"}


def alma(summary: str, *fixes: str, name: str = "ALSA-2024:1", **more: Any) -> Advisory:
    entries = [affected("AlmaLinux:8", "nodejs", ZERO, {"fixed": fix}) for fix in fixes]
    return osv.parse(record(name, summary=summary, affected=entries, **more), "osv")


def test_a_bulletin_s_related_cves_are_what_it_mends() -> None:
    found = alma("Important: x security update", "1-1", related=["CVE-2024-1", "RHSA-2024:1", "CVE-2024-2"])
    assert found.aliases == ("CVE-2024-1", "CVE-2024-2")


def test_what_another_record_calls_related_is_not_its_name() -> None:
    assert osv.parse(record(related=["CVE-2024-1"]), "osv").aliases == ()


def test_a_bulletin_that_has_aliases_keeps_to_them() -> None:
    assert alma("x", "1-1", related=["CVE-2024-1"], upstream=["CVE-2024-2"]).aliases == ("CVE-2024-2",)


def test_the_word_before_the_colon_is_its_severity() -> None:
    assert alma("Critical: x security update", "1-1").severity is Severity.CRITICAL
    assert alma("Moderate: nodejs:16 security update", "1-1").severity is Severity.MEDIUM
    assert alma("nodejs:16 bug fix update", "1-1").severity is Severity.UNKNOWN


def test_a_module_s_stream_is_read_from_the_summary() -> None:
    modular = alma("Important: nodejs:16 security, bug fix, and enhancement update", "1:16-1.module_el8.4.0+1+a")
    assert [entry.module for entry in modular.affected] == ["nodejs:16"]
    assert [entry.module for entry in alma("nodejs:16 update", "1:16-1.module_el8+1").affected] == ["nodejs:16"]
    assert [entry.module for entry in alma("Moderate: ruby security update", "1-1.module_el8+1").affected] == ["*"]
    assert [entry.module for entry in alma("Moderate: x security update", "1-1.el8").affected] == [""]


def test_one_release_built_twice_is_fixed_by_either_build() -> None:
    found = alma("Low: a:1 security update", "2-1.module_el8.5.0+71+b", "2-1.module_el8.4.0+2249+a")
    assert [entry.ranges for entry in found.affected] == [(Range("0", "2-1.module_el8.4.0+2249+a"),)]


def test_two_releases_are_two_fixes() -> None:
    found = alma("Low: a:1 security update", "2-1.module_el8.5.0+71", "3-1.module_el8.5.0+71")
    assert len(found.affected) == 2
    assert len(alma("Low: x security update", "2-1.el8", "2-1.el8_6").affected) == 2


def go(custom: object, *events: dict[str, str]) -> tuple[Range, ...]:
    entry = affected("Go", "example.com/x", *events, kind="SEMVER", ecosystem_specific={"custom_ranges": custom})
    [found] = osv.parse(record(affected=[entry]), "osv").affected
    return found.ranges


def test_go_s_own_ranges_count_where_osv_s_only_say_all() -> None:
    custom = [{"type": "ECOSYSTEM", "events": [ZERO, {"fixed": "2.0.1"}]}]
    assert go(custom, ZERO) == (Range("0", "2.0.1"),)
    assert go(custom, ZERO, {"fixed": "1.0.0"}) == (Range("0", "1.0.0"),)
    assert go(custom, {"introduced": "1.5.0"}) == (Range("1.5.0"),)


def test_ranges_of_go_s_own_that_make_no_sense_leave_osv_s() -> None:
    for nonsense in ("text", 7, {"events": 1}, [{"type": 1}], [{"type": "GIT", "events": []}], None):
        assert go(nonsense, ZERO) == (Range("0"),)
