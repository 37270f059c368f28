"""Copies of feeds from a server that answers as real ones do: validators, ranges, cut off, lying; OSV's increments."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pratique.advisories import settings
from pratique.advisories.copies import Copies
from pratique.advisories.settings import Settings
from pratique.advisories.store import AdvisoryStore
from pratique.advisories.update import UpdateReport, update
from pratique.model.advisory import Range
from pratique.model.errors import InvalidData, Unavailable, UsageError
from tests.advisories.records import NOW, affected, record, zipped

WHEN = "2026-11-23T00:00:00Z"


class Feeds(http.server.BaseHTTPRequestHandler):
    """What `files` says, with ETags and ranges; `cut` ends the next body after so many bytes."""

    protocol_version = "HTTP/1.1"
    files: dict[str, bytes]
    asked: list[str]
    cut: int | None

    def do_GET(self) -> None:
        content = self.files.get(self.path)
        if content is None:
            self._answer(404, b"")
            return
        etag = f'"{hash(content)}"'
        if self.headers["If-None-Match"] == etag:
            self.asked.append(f"304 {self.path}")
            self._answer(304, b"")
            return
        start = int((self.headers["Range"] or "bytes=0-")[6:-1]) if self.headers["If-Range"] == etag else 0
        self.asked.append(f"{206 if start else 200} {self.path}")
        more = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self._answer(206 if start else 200, content[start:], {"ETag": etag, **more})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.cut is not None and status == 200:
            body, type(self).cut = body[: self.cut], None
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Server:
    """A running server; `files` may change at any time."""

    def __init__(self, handler: type[Feeds], url: str) -> None:
        self.handler, self.url, self.files = handler, url, handler.files

    def asked(self) -> list[str]:
        """What was asked since the last time."""
        every, self.handler.asked[:] = list(self.handler.asked), []
        return every


@pytest.fixture
def server() -> Iterator[Server]:
    class Own(Feeds):
        cut = None

    Own.files, Own.asked = {}, []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield Server(Own, f"http://127.0.0.1:{running.server_port}")
        running.shutdown()


def copies(folder: Path) -> Copies:
    folder.mkdir(exist_ok=True)
    return Copies(folder, WHEN)


def size(path: Path) -> int:
    return path.stat().st_size


def test_a_copy_is_fetched_once_and_then_unchanged(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = b"x" * 1000
    first = copies(tmp_path)
    assert first.refresh("f/a", f"{server.url}/a", size)
    first.save()
    again = copies(tmp_path)
    assert not again.refresh("f/a", f"{server.url}/a", size)
    assert (again.changed, server.asked()) == (False, ["200 /a", "304 /a"])


def test_what_broke_off_goes_on_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    whole = bytes(range(256)) * 2000
    server.files["/a"] = whole
    server.handler.cut = 300_000
    with pytest.raises(Unavailable):
        copies(tmp_path).refresh("f/a", f"{server.url}/a", size)
    after = copies(tmp_path)
    assert after.refresh("f/a", f"{server.url}/a", size)
    assert after.path("f/a").read_bytes() == whole
    assert server.asked() == ["200 /a", "206 /a"]
    assert sorted(path.name for path in (tmp_path / "f").iterdir()) == ["a"]


def test_what_broke_off_and_changed_meanwhile_is_fetched_whole(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = b"1" * 500_000
    server.handler.cut = 300_000
    with pytest.raises(Unavailable):
        copies(tmp_path).refresh("f/a", f"{server.url}/a", size)
    server.files["/a"] = b"2" * 90_000
    after = copies(tmp_path)
    after.refresh("f/a", f"{server.url}/a", size)
    assert after.path("f/a").read_bytes() == b"2" * 90_000


@pytest.mark.parametrize("lie", [b"", b"x" * 400])
def test_a_file_with_less_than_half_of_what_it_had_is_refused(server: Server, tmp_path: Path, lie: bytes) -> None:
    server.files["/a"] = b"x" * 1000
    kept = copies(tmp_path)
    kept.refresh("f/a", f"{server.url}/a", size)
    server.files["/a"] = lie
    with pytest.raises(InvalidData, match="records where there were 1000"):
        kept.refresh("f/a", f"{server.url}/a", size)
    assert size(kept.path("f/a")) == 1000


def listed(*entries: tuple[str, str]) -> bytes:
    return "".join(f"{time},{name}\n" for time, name in entries).encode()


def of(name: str, fixed: str, modified: str = "2026-01-01T00:00:00Z") -> bytes:
    return record(name, modified=modified, affected=[affected("PyPI", "lib", {"introduced": "0"}, {"fixed": fixed})])


@pytest.fixture
def bucket(server: Server) -> Server:
    server.files |= {
        "/osv/PyPI/all.zip": zipped(("A-1.json", of("A-1", "1.0")), ("A-2.json", of("A-2", "2.0"))),
        "/osv/PyPI/modified_id.csv": listed(("2026-01-01T00:00:00Z", "A-1"), ("2026-01-01T00:00:00Z", "A-2")),
    }
    return server


def chosen(server: Server, *feeds: str) -> Settings:
    return settings.read(b'[feeds.osv]\necosystems = ["PyPI"]\n', "f", mirror=server.url, feeds=feeds or ["osv"])


def later(path: Path, server: Server, hours: int) -> UpdateReport:
    return update(path, chosen(server), NOW + timedelta(hours=hours))


def test_only_the_records_that_changed_are_fetched_again(bucket: Server, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    later(path, bucket, 0)
    assert bucket.asked() == ["200 /osv/PyPI/modified_id.csv", "200 /osv/PyPI/all.zip"]
    bucket.files["/osv/PyPI/modified_id.csv"] = listed(
        ("2026-02-01T00:00:00Z", "A-1"), ("2026-01-15T00:00:00Z", "A-3"), ("2026-01-01T00:00:00Z", "A-2")
    )
    bucket.files["/osv/PyPI/A-1.json"] = of("A-1", "1.1", "2026-02-01T00:00:00Z")
    bucket.files["/osv/PyPI/A-3.json"] = of("A-3", "3.0", "2026-01-15T00:00:00Z")
    assert later(path, bucket, 1).built is not None
    assert "200 /osv/PyPI/all.zip" not in bucket.asked()
    with AdvisoryStore.open(path) as store:
        fixes = {each.id: each.affected[0].ranges for each in store.find("PyPI", "lib")}
    assert fixes == {"A-1": (Range("0", "1.1"),), "A-2": (Range("0", "2.0"),), "A-3": (Range("0", "3.0"),)}
    assert later(path, bucket, 2).built is None
    assert bucket.asked() == ["304 /osv/PyPI/modified_id.csv"]


def test_a_changed_record_that_the_bucket_lacks_means_the_zip_again(bucket: Server, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    later(path, bucket, 0)
    bucket.files["/osv/PyPI/modified_id.csv"] = listed(("2026-02-01T00:00:00Z", "A-1"))
    bucket.files["/osv/PyPI/all.zip"] = zipped(
        ("A-1.json", of("A-1", "1.1", "2026-02-01T00:00:00Z")), ("A-2.json", of("A-2", "2.0"))
    )
    assert later(path, bucket, 1).sources[0].problem == ""
    with AdvisoryStore.open(path) as store:
        assert [each.affected[0].ranges[0].fixed for each in store.find("PyPI", "lib")] == ["1.1", "2.0"]


def test_a_mirror_without_the_list_of_changes_is_asked_for_its_zip(bucket: Server, tmp_path: Path) -> None:
    del bucket.files["/osv/PyPI/modified_id.csv"]
    path = tmp_path / "advisories.db"
    assert later(path, bucket, 0).built is not None
    assert later(path, bucket, 1).built is None
    assert bucket.asked() == ["200 /osv/PyPI/all.zip", "304 /osv/PyPI/all.zip"]


@pytest.mark.parametrize("lie", [b"<html>", zipped(), zipped(("x.json", b"{}")), zipped(("x.txt", b""))])
def test_a_zip_that_lies_keeps_the_last_good_data_and_its_age(bucket: Server, tmp_path: Path, lie: bytes) -> None:
    path = tmp_path / "advisories.db"
    good = later(path, bucket, 0)
    del bucket.files["/osv/PyPI/modified_id.csv"]
    bucket.files["/osv/PyPI/all.zip"] = lie
    [source] = later(path, bucket, 5).sources
    assert source.problem
    assert source.checked == good.sources[0].checked
    with AdvisoryStore.open(path) as store:
        assert len(store.find("PyPI", "lib")) == 2
        assert store.status().sources[0].problem == source.problem


@pytest.mark.parametrize("name", ["../../etc/x", "..", ".hidden", "a\\b"])
def test_an_id_that_would_lead_elsewhere_never_becomes_a_file(bucket: Server, tmp_path: Path, name: str) -> None:
    path = tmp_path / "advisories.db"
    later(path, bucket, 0)
    bucket.files["/osv/PyPI/modified_id.csv"] = listed(("2026-02-01T00:00:00Z", name))
    bucket.files["/osv/PyPI/x.json"] = of("A-9", "9")
    later(path, bucket, 1)
    found = {each.relative_to(tmp_path).parts[0] for each in tmp_path.rglob("*")}
    assert found == {"advisories.db", "advisories.db.feeds"}


def test_readers_go_on_with_the_file_they_opened(bucket: Server, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    later(path, bucket, 0)
    with AdvisoryStore.open(path) as store:
        bucket.files["/osv/PyPI/modified_id.csv"] = listed(("2026-02-01T00:00:00Z", "A-1"))
        bucket.files["/osv/PyPI/A-1.json"] = of("A-1", "1.1", "2026-02-01T00:00:00Z")
        later(path, bucket, 1)
        assert store.find("PyPI", "lib")[0].affected[0].ranges[0].fixed == "1.0"
        with AdvisoryStore.open(path) as new:
            assert new.find("PyPI", "lib")[0].affected[0].ranges[0].fixed == "1.1"
            assert new.digest != store.digest


def test_exploitation_is_kept_by_cve(bucket: Server, tmp_path: Path) -> None:
    bucket.files["/epss/epss_scores-current.csv.gz"] = b"#c\ncve,epss,percentile\nCVE-2024-1111,0.5,0.9\n"
    bucket.files["/kev/known_exploited_vulnerabilities.json"] = json.dumps(
        {"vulnerabilities": [{"cveID": "CVE-2024-1111"}, {"cveID": "CVE-2024-2222"}]}
    ).encode()
    path = tmp_path / "advisories.db"
    update(path, chosen(bucket, "osv", "epss", "kev"), NOW)
    with AdvisoryStore.open(path) as store:
        both, only, none = (store.priority(f"CVE-2024-{each}") for each in ("1111", "2222", "3333"))
        assert both is not None
        assert (both.epss, both.kev) == (0.5, True)
        assert only is not None
        assert (only.epss, only.kev) == (None, True)
        assert none is None
        assert {each.name: each.count for each in store.status().sources} == {"osv": 2, "epss": 1, "kev": 2}


def test_two_updates_at_once_are_refused(bucket: Server, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    messages: list[str] = []

    def again(_: str) -> None:
        with pytest.raises(UsageError, match="another update") as raised:
            update(path, chosen(bucket), NOW)
        messages.append(str(raised.value))

    update(path, chosen(bucket), NOW, again)
    assert messages
