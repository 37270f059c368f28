"""The advisory file: built whole or not at all, asked by package or by name."""

import os
import random
import sqlite3
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pratique.advisories import feeds, osv, schema
from pratique.advisories.build import build
from pratique.advisories.status import BuildReport, SourceInfo
from pratique.advisories.store import AdvisoryStore
from pratique.model.advisory import Advisory
from pratique.model.errors import InvalidData, NotFound, PratiqueError, Unavailable
from tests.advisories.records import NOW, affected, record, zipped

OPENSSL = record(
    "DEBIAN-CVE-2024-1",
    upstream=["CVE-2024-1"],
    affected=[
        affected("Debian:12", "openssl", {"introduced": "0"}, {"fixed": "3.0.11-1~deb12u2"}),
        affected("Debian:11", "openssl", {"introduced": "0"}, {"fixed": "1.1.1w-0+deb11u1"}),
        affected("Debian:12", "nodejs", {"introduced": "0"}),
    ],
)
JINJA = record("PYSEC-2019-217", aliases=["CVE-2019-10906", "GHSA-462w-v97r-4m45"])
SAME_CVE = record("ZZZ-1", aliases=["CVE-2019-10906"])


def advisories(*records: bytes) -> list[Advisory]:
    return [osv.parse(each, "osv") for each in records]


def made(path: Path, *records: bytes) -> BuildReport:
    return build(path, advisories(*records), [SourceInfo("osv", "somewhere")], NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "advisories.db"


@pytest.fixture
def store(path: Path) -> Iterator[AdvisoryStore]:
    made(path, OPENSSL, JINJA, SAME_CVE)
    with AdvisoryStore.open(path) as opened:
        yield opened


def test_a_package_s_advisories_hold_that_package_s_entries_alone(store: AdvisoryStore) -> None:
    (advisory,) = store.find("Debian:12", "openssl")
    assert advisory.id == "DEBIAN-CVE-2024-1"
    assert [(each.ecosystem, each.name) for each in advisory.affected] == [("Debian:12", "openssl")]
    assert advisory.affected[0].ranges[0].fixed == "3.0.11-1~deb12u2"


def test_another_release_is_another_ecosystem(store: AdvisoryStore) -> None:
    assert store.find("Debian:11", "openssl")[0].affected[0].ranges[0].fixed == "1.1.1w-0+deb11u1"
    assert store.find("Debian:13", "openssl") == ()
    assert store.find("Debian", "openssl") == ()


@pytest.mark.parametrize("name", ["jinja2", "Jinja2", "JINJA2"])
def test_a_pypi_name_is_found_however_it_is_spelt(store: AdvisoryStore, name: str) -> None:
    assert [each.id for each in store.find("PyPI", name)] == ["PYSEC-2019-217", "ZZZ-1"]


@pytest.mark.parametrize("name", ["", "nothing", "x\x00y", "\ud800", "'; DROP TABLE advisory; --", "x" * 10_000_000])
def test_a_name_that_nobody_has_finds_nothing(store: AdvisoryStore, name: str) -> None:
    assert store.find("PyPI", name) == ()
    assert store.get(name) is None


def test_an_advisory_is_had_by_its_id_with_all_its_packages(store: AdvisoryStore) -> None:
    advisory = store.get("DEBIAN-CVE-2024-1")
    assert advisory is not None
    assert [(a.ecosystem, a.name) for a in advisory.affected] == [
        ("Debian:11", "openssl"),
        ("Debian:12", "nodejs"),
        ("Debian:12", "openssl"),
    ]


def test_an_advisory_is_had_by_an_alias_or_its_upstream_the_first_of_several(store: AdvisoryStore) -> None:
    for alias, expected in (("CVE-2024-1", "DEBIAN-CVE-2024-1"), ("CVE-2019-10906", "PYSEC-2019-217")):
        advisory = store.get(alias)
        assert advisory is not None
        assert advisory.id == expected


def test_the_status_says_when_from_where_and_how_much(store: AdvisoryStore) -> None:
    status = store.status()
    assert status.built_at == "2026-11-23T12:00:00Z"
    assert status.sources == (SourceInfo("osv", "somewhere", 3, "2024-01-02T03:04:05Z"),)
    assert status.ecosystems == {"Debian:11": 1, "Debian:12": 2, "PyPI": 2}
    assert (status.advisories, status.schema, status.digest) == (3, schema.VERSION, store.digest)
    assert store.ecosystems() == ("Debian:11", "Debian:12", "PyPI")
    assert store.releases("Debian") == ("Debian:11", "Debian:12")


def test_withdrawn_advisories_are_kept_and_marked(path: Path) -> None:
    made(path, record("A-1", withdrawn="2024-02-02T00:00:00Z"))
    with AdvisoryStore.open(path) as store:
        assert store.find("PyPI", "jinja2")[0].withdrawn == "2024-02-02T00:00:00Z"


def test_the_same_records_have_the_same_digest_whatever_order_time_file_or_feed(tmp_path: Path) -> None:
    records = [record(f"A-{n}", summary=f"number {n}") for n in range(30)]
    first = made(tmp_path / "one.db", *records)
    random.Random(1).shuffle(records)
    again = [osv.parse(each, "another") for each in [*records, records[3]]]
    second = build(tmp_path / "two.db", again, [SourceInfo("another", "elsewhere")], NOW + timedelta(days=9))
    assert first.digest == second.digest
    assert made(tmp_path / "three.db", *records[1:]).digest != first.digest
    assert made(tmp_path / "four.db", *records[1:], record("A-0", summary="other words")).digest != first.digest


def test_of_two_records_with_one_id_the_later_modified_is_kept(tmp_path: Path) -> None:
    old = record("A-1", modified="2024-01-01T00:00:00Z", aliases=["CVE-OLD"], affected=[affected("npm", "old")])
    new = record("A-1", modified="2024-01-01T01:00:00+00:30", aliases=["CVE-NEW"], affected=[affected("npm", "new")])
    for name, order in (("one.db", (old, new)), ("two.db", (new, old))):
        report = made(tmp_path / name, *order)
        assert (report.advisories, report.affected, report.superseded) == (1, 1, 1)
        with AdvisoryStore.open(tmp_path / name) as store:
            assert store.find("npm", "new")
            assert not store.find("npm", "old")
            assert store.get("CVE-NEW")
            assert not store.get("CVE-OLD")


def test_skipped_records_are_reported_and_their_neighbours_kept(path: Path) -> None:
    entries = [
        ("a.json", record("A-1")),
        ("b.json", b"{}"),
        ("c.json", record("C-1", modified=7)),
        ("d.json", record("D-1")),
    ]
    report = build(path, osv.records(entries, "osv"), [], NOW)
    assert report.advisories == 2
    assert [each.id for each in report.skipped] == ["b.json", "C-1"]
    assert all(each.reason for each in report.skipped)


def test_a_failed_build_leaves_the_old_store_and_nothing_else(path: Path) -> None:
    made(path, JINJA)
    before = path.read_bytes()

    def broken() -> Iterator[Advisory]:
        yield from advisories(OPENSSL)
        raise Unavailable("the line went dead")

    with pytest.raises(Unavailable):
        build(path, broken(), [], NOW)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PratiqueError, match="cannot write the advisory store"):
        made(tmp_path / "file" / "advisories.db", JINJA)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(PratiqueError, match="cannot write the advisory store"):
        made(tmp_path / "folder.db", JINJA)


def test_no_store_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as raised:
        AdvisoryStore.open(tmp_path / "none.db")
    assert "pratique db build --osv" in raised.value.hint


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 4096, b"SQLite format 3\x00" + b"\x00" * 5000])
def test_something_else_is_no_store(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.db").write_bytes(data)
    with pytest.raises(InvalidData, match="not an advisory store"):
        AdvisoryStore.open(tmp_path / "x.db")


def test_a_folder_and_another_program_s_database_are_no_stores(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE meta (name, value)")
    connection.close()
    for each in (tmp_path, tmp_path / "x.db"):
        with pytest.raises(InvalidData, match="not an advisory store"):
            AdvisoryStore.open(each)


def test_a_store_of_another_version_is_refused(path: Path) -> None:
    made(path, JINJA)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=999")
    connection.close()
    with pytest.raises(InvalidData, match="another version"):
        AdvisoryStore.open(path)


def test_a_truncated_store_is_refused(path: Path) -> None:
    made(path, *(record(f"A-{n}") for n in range(500)))
    whole = path.read_bytes()
    for size in (len(whole) - 1, len(whole) // 2, 4096, 100):
        path.write_bytes(whole[:size])
        with pytest.raises(InvalidData):
            AdvisoryStore.open(path)


def test_a_damaged_store_answers_with_an_error_of_ours_or_not_at_all(path: Path) -> None:
    made(path, *(record(f"A-{n}", summary=f"number {n}") for n in range(200)))
    whole = path.read_bytes()
    chance = random.Random(7)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        place = chance.randrange(100, len(whole) - 300)
        damaged[place : place + 300] = chance.randbytes(300)
        path.write_bytes(damaged)
        try:
            with AdvisoryStore.open(path) as store:
                store.find("PyPI", "jinja2")
                store.get("A-7")
                store.status()
        except InvalidData:
            refused += 1
    assert refused


def test_an_open_store_goes_on_while_another_takes_its_place(path: Path) -> None:
    made(path, JINJA)
    with AdvisoryStore.open(path) as old:
        made(path, OPENSSL)
        assert old.find("PyPI", "jinja2")
        with AdvisoryStore.open(path) as new:
            assert not new.find("PyPI", "jinja2")
            assert new.find("Debian:12", "openssl")
        assert old.get("CVE-2019-10906")


def test_many_threads_ask_and_open_while_the_file_is_replaced(path: Path) -> None:
    """Every answer is whole: all of one build's records or all of another's, never a mix, an error or a crash."""
    sizes = {3, 5}
    builds = {size: advisories(*(record(f"A-{n}") for n in range(size))) for size in sizes}
    build(path, builds[3], [], NOW)
    done = threading.Event()
    wrong: list[object] = []

    def ask(shared: AdvisoryStore) -> None:
        while not done.is_set():
            try:
                if len(shared.find("PyPI", "jinja2")) != 3:
                    wrong.append("the open store changed")
                with AdvisoryStore.open(path) as fresh:
                    if {len(fresh.find("PyPI", "jinja2")), fresh.status().advisories} not in ({3}, {5}):
                        wrong.append("a mixed answer")
            except PratiqueError as error:
                wrong.append(error)

    with AdvisoryStore.open(path) as shared:
        threads = [threading.Thread(target=ask, args=(shared,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(40):
            build(path, builds[5 if turn % 2 else 3], [], NOW)
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_odd_paths_are_only_paths(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=rw#b%20c.db"
    made(path, JINJA)
    with AdvisoryStore.open(path) as store:
        assert store.find("PyPI", "jinja2")


@pytest.mark.parametrize("entries", [(), (("a.json", b"{}"), ("b.json", b"[]"))])
def test_a_location_without_a_sound_record_never_replaces_a_store(
    path: Path, entries: tuple[tuple[str, bytes], ...]
) -> None:
    made(path, JINJA)
    (path.parent / "all.zip").write_bytes(zipped(*entries))
    with pytest.raises(InvalidData, match="no OSV records"):
        feeds.build_from(path, [path.parent / "all.zip"], NOW)
    with AdvisoryStore.open(path) as store:
        assert store.find("PyPI", "jinja2")


def test_the_file_s_mode_follows_the_umask(path: Path) -> None:
    before = os.umask(0o027)
    try:
        made(path, JINJA)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_several_locations_are_several_sources(tmp_path: Path) -> None:
    for name in ("A-1", "B-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.json").write_bytes(record(name))
    feeds.build_from(tmp_path / "one.db", [tmp_path / "A-1"], NOW)
    feeds.build_from(tmp_path / "two.db", [tmp_path / "A-1", str(tmp_path / "B-1")], NOW)
    with AdvisoryStore.open(tmp_path / "one.db") as one, AdvisoryStore.open(tmp_path / "two.db") as two:
        assert [each.name for each in one.status().sources] == ["osv"]
        assert [(each.name, each.count) for each in two.status().sources] == [("osv-1", 1), ("osv-2", 1)]
        assert [each.source for each in two.find("PyPI", "jinja2")] == ["osv-1", "osv-2"]
