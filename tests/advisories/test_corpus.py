"""Real records: the shared corpus, and the few that the demo keeps."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pratique.advisories import feeds, osv, sources
from pratique.advisories.store import AdvisoryStore
from pratique.model.advisory import Advisory, Range, Severity
from tests.advisories.records import NOW
from tests.support.machine import PROJECT, require_shared

DEMO = PROJECT / "src" / "pratique" / "entrypoints" / "demo" / "advisories"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdvisoryStore]:
    location = require_shared("advisories/osv")
    path = tmp_path_factory.mktemp("corpus") / "advisories.db"
    report = feeds.build_from(path, [location], NOW, ecosystems=["PyPI", "Debian"])
    print(f"{report.advisories} records in {report.seconds:.2f} s, {path.stat().st_size / 1e6:.1f} MB")
    assert (report.advisories, report.affected, report.skipped) == (2661 + 1416, 2661 + 1417, ())
    with AdvisoryStore.open(path) as store:
        yield store


def test_the_status_counts_the_corpus(built: AdvisoryStore) -> None:
    assert built.status().ecosystems == {"Debian:12": 1417, "PyPI": 2661}


def test_openssl_in_debian_12_has_its_fixed_versions(built: AdvisoryStore) -> None:
    found = {each.id: each for each in built.find("Debian:12", "openssl")}
    assert found["DEBIAN-CVE-2022-0778"].aliases == ("CVE-2022-0778",)
    assert all(each.affected[0].ranges[0].fixed for each in found.values())


def test_jinja2_is_found_as_users_spell_it(built: AdvisoryStore) -> None:
    found = {alias for each in built.find("PyPI", "Jinja2") for alias in each.aliases}
    assert {"CVE-2019-10906", "CVE-2020-28493", "CVE-2014-1402"} <= found


def test_a_cve_is_found_by_its_alias(built: AdvisoryStore) -> None:
    advisory = built.get("CVE-2019-10906")
    assert advisory is not None
    assert (advisory.id, advisory.affected[0].ranges) == ("PYSEC-2019-217", (Range("0", fixed="2.10.1"),))


def test_real_events_out_of_order_become_two_intervals(built: AdvisoryStore) -> None:
    advisory = built.get("PYSEC-2023-192")
    assert advisory is not None
    assert advisory.affected[0].ranges == (Range("0", fixed="1.26.17"), Range("2.0.0", fixed="2.0.6"))
    assert (advisory.severity, advisory.score) == (Severity.HIGH, 8.1)


def test_debian_s_records_have_the_tracker_s_fixed_versions() -> None:
    tracker = json.loads(require_shared("advisories/debian/tracker.json").read_bytes())
    told = {
        (package, cve): release["fixed_version"]
        for package, cves in tracker.items()
        for cve, entry in cves.items()
        for release in [entry["releases"]["bookworm"]]
        if release["status"] == "resolved"
    }
    read = {}
    for _, data in sources.read(require_shared("advisories/osv/Debian/all.zip")):
        advisory = osv.parse(data, "osv")
        for entry in advisory.affected:
            (interval,) = entry.ranges
            read[entry.name, advisory.aliases[0]] = interval.fixed
    assert read == told
    assert len(read) == 1417


def test_opening_and_asking_is_quick(built: AdvisoryStore) -> None:
    times = []
    for _ in range(20):
        started = time.perf_counter()
        with AdvisoryStore.open(built.path) as store:
            assert store.find("PyPI", "jinja2")
        times.append(time.perf_counter() - started)
    print(f"open and first lookup: {1000 * statistics.median(times):.2f} ms")


@pytest.mark.slow
def test_the_whole_corpus_is_read_without_a_skipped_record(tmp_path: Path) -> None:
    report = feeds.build_from(tmp_path / "all.db", [require_shared("advisories/osv")], NOW)
    print(f"{report.advisories} records, {report.affected} packages in {report.seconds:.2f} s")
    assert (report.advisories, report.skipped) == (41209, ())


def test_a_scan_loads_neither_the_network_nor_the_cvss_library() -> None:
    script = (
        "import sys, pratique.advisories.store; print({'urllib3', 'cvss', 'zipfile', 'packaging'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert answer.stdout == "set()\n"


def demo() -> dict[str, Advisory]:
    return {
        alias: each for _, data in sources.read(DEMO) for each in [osv.parse(data, "osv")] for alias in each.aliases
    }


def test_the_demo_s_records_are_sound_and_cover_its_packages() -> None:
    found = demo()
    assert found["CVE-2019-10906"].affected[0].ranges == (Range("0", fixed="2.10.1"),)
    assert found["CVE-2019-11324"].affected[0].ranges == (Range("0", fixed="1.24.2"),)
    names = {each.affected[0].name for each in found.values()}
    assert names >= {"jinja2", "urllib3", "openssl", "perl", "pcre2", "xz-utils"}
    assert found["CVE-2019-10906"].severity is Severity.HIGH


def test_the_demo_s_records_are_facts_without_prose() -> None:
    for _, data in sources.read(DEMO):
        assert {"summary", "details", "references", "credits"}.isdisjoint(json.loads(data))
    assert "CC-BY-4.0" in (DEMO / "NOTICE").read_text()


def test_the_demo_s_records_are_what_the_script_makes_of_the_corpus(tmp_path: Path) -> None:
    corpus = require_shared("advisories/osv")
    script = tmp_path / "scripts" / "make_demo_advisories.py"
    script.parent.mkdir()
    script.write_bytes((PROJECT / "scripts" / script.name).read_bytes())
    zips = [str(corpus / ecosystem / "all.zip") for ecosystem in ("PyPI", "Debian")]
    subprocess.run([sys.executable, str(script), *zips], check=True, capture_output=True)
    made = tmp_path / DEMO.relative_to(PROJECT)
    assert {path.name: path.read_text() for path in made.glob("*.json")} == {
        path.name: path.read_text() for path in DEMO.glob("*.json")
    }
