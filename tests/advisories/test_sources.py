"""Where records come from: zips, folders, buckets; on disk and over HTTP."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest

from pratique.advisories import sources
from pratique.advisories.fetch import download, leaves_https
from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable, UsageError
from tests.advisories.records import record, zipped


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


class Liar(BaseHTTPRequestHandler):
    """Answers as the path says: a status, or a promise of more bytes than it sends."""

    def do_GET(self) -> None:
        word = self.path.strip("/").removesuffix(".zip")
        self.send_response(200 if word == "short" else int(word))
        self.send_header("Content-Length", "1000" if word == "short" else "0")
        self.end_headers()
        self.wfile.write(b"PK" if word == "short" else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


def serve(server: ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    for ecosystem, name in (("PyPI", "P-1"), ("Debian", "D-1")):
        (tmp_path / "osv" / ecosystem).mkdir(parents=True)
        (tmp_path / "osv" / ecosystem / "all.zip").write_bytes(zipped((f"{name}.json", record(name))))
    (tmp_path / "osv" / "ecosystems.txt").write_text("Debian\nDebian:12\nPyPI\n")
    return tmp_path / "osv"


@pytest.fixture
def url(bucket: Path) -> Iterator[str]:
    yield from serve(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(bucket))))


@pytest.fixture
def liar() -> Iterator[str]:
    yield from serve(ThreadingHTTPServer(("127.0.0.1", 0), Liar))


def names(location: str | Path, *ecosystems: str) -> list[str]:
    return [name for name, _ in sources.read(location, ecosystems=ecosystems)]


def test_a_zip_is_read_with_only_its_json_files(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(
        zipped(("A-1.json", record("A-1")), ("README", b"hello"), ("sub/", b""), ("sub/B-1.json", record("B-1")))
    )
    assert list(sources.read(path)) == [("A-1.json", record("A-1")), ("sub/B-1.json", record("B-1"))]


def test_a_folder_is_read_at_any_depth_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "B-1.json").write_bytes(record("B-1"))
    (tmp_path / "A-1.json").write_bytes(record("A-1"))
    (tmp_path / "NOTICE").write_text("words")
    assert names(tmp_path) == ["A-1.json", "b/B-1.json"]


def test_one_json_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "A-1.json").write_bytes(record("A-1"))
    assert [data for _, data in sources.read(str(tmp_path / "A-1.json"))] == [record("A-1")]


def test_a_bucket_s_folder_is_read_whole_or_by_ecosystem(bucket: Path) -> None:
    assert names(bucket) == ["D-1.json", "P-1.json"]
    assert names(bucket, "Debian:12", "Debian") == ["D-1.json"]


def test_a_bucket_s_url_is_read_whole_or_by_ecosystem(url: str) -> None:
    assert names(url) == ["D-1.json", "P-1.json"]
    assert names(url + "/", "PyPI") == ["P-1.json"]
    assert names(url + "/PyPI/all.zip") == ["P-1.json"]


def test_an_ecosystem_that_a_bucket_does_not_have_is_an_error(bucket: Path, url: str) -> None:
    with pytest.raises(NotFound, match="npm"):
        names(bucket, "PyPI", "npm")
    with pytest.raises(NotFound, match=r"npm/all\.zip"):
        names(url, "npm")


@pytest.mark.parametrize("name", ["../secret", "a/b", "..", "\\x", "a\nb"])
def test_an_ecosystem_that_leads_elsewhere_is_refused(bucket: Path, name: str) -> None:
    with pytest.raises(UsageError):
        names(bucket, name)


def test_nothing_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        names(tmp_path / "missing.zip")
    with pytest.raises(NotFound, match="no OSV records"):
        names(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.6, 0.95, -1])
def test_a_truncated_zip_is_refused(tmp_path: Path, keep: float) -> None:
    whole = zipped(*((f"A-{n}.json", record(f"A-{n}", details=str(n) * 50)) for n in range(50)))
    size = int(len(whole) * keep) if 0 < keep < 1 else int(keep)
    (tmp_path / "all.zip").write_bytes(whole[:size])
    with pytest.raises(InvalidData, match="not a sound zip"):
        names(tmp_path / "all.zip")


def test_a_zip_with_a_flipped_byte_in_a_record_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zipped(("A-1.json", record("A-1"))))
    whole[60] ^= 0xFF
    (tmp_path / "all.zip").write_bytes(whole)
    with pytest.raises(InvalidData):
        names(tmp_path / "all.zip")


@pytest.mark.parametrize("data", [b"not a zip", b"\x00" * 4096, b'{"id": "A-1"}'])
def test_something_else_is_no_zip(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "all.zip").write_bytes(data)
    with pytest.raises(InvalidData):
        names(tmp_path / "all.zip")


def test_names_in_a_zip_write_nothing_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(zipped(("../../evil.json", record("A-1")), ("/etc/evil.json", record("B-1"))))
    assert len(names(path)) == 2
    assert sorted(p.name for p in tmp_path.parent.rglob("*evil*")) == []


def test_a_zip_bomb_is_refused_before_it_fills_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_RECORD_LIMIT", 1 << 20)
    (tmp_path / "all.zip").write_bytes(zipped(("A-1.json", b" " * (8 << 20))))
    with pytest.raises(InvalidData, match="too large"):
        names(tmp_path / "all.zip")


def test_many_records_that_are_too_much_together_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_TOTAL_LIMIT", 1 << 20)
    (tmp_path / "all.zip").write_bytes(zipped(*((f"A-{n}.json", b" " * (300 << 10)) for n in range(9))))
    with pytest.raises(InvalidData, match="too large"):
        names(tmp_path / "all.zip")


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ("404", NotFound),
        ("410", NotFound),
        ("401", Refused),
        ("403", Refused),
        ("429", Unavailable),
        ("503", Unavailable),
    ],
)
def test_a_status_is_a_fate(liar: str, answer: str, fate: type[PratiqueError]) -> None:
    with pytest.raises(fate, match=answer):
        names(f"{liar}/{answer}.zip")


def test_a_download_that_ends_early_is_unavailable(liar: str) -> None:
    with pytest.raises(Unavailable):
        names(f"{liar}/short.zip")


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        names("http://127.0.0.1:9/all.zip")


@pytest.mark.parametrize("url", ["http://", "http://[::1/all.zip", "https:///all.zip"])
def test_a_broken_url_is_an_error_of_ours(url: str) -> None:
    with pytest.raises(PratiqueError):
        names(url, "PyPI")


def test_a_query_goes_along_and_neither_it_nor_a_password_is_shown(url: str) -> None:
    secret = url.replace("://", "://user:hunter2@") + "?sig=s3cret"
    assert names(secret, "PyPI") == ["P-1.json"]
    for location, fate in ((secret, NotFound), ("http://user:hunter2@127.0.0.1:9/?sig=s3cret", Unavailable)):
        with pytest.raises(fate) as raised:
            names(location, "npm")
        assert "hunter2" not in str(raised.value)
        assert "s3cret" not in str(raised.value)


def test_a_user_and_password_in_a_url_are_sent() -> None:
    seen: list[str | None] = []

    class Guarded(Liar):
        def do_GET(self) -> None:
            seen.append(self.headers["Authorization"])
            super().do_GET()

    for url in serve(ThreadingHTTPServer(("127.0.0.1", 0), Guarded)):
        with pytest.raises(NotFound):
            names(url.replace("://", "://user:p%40ss@") + "/404.zip")
    assert seen == ["Basic dXNlcjpwQHNz"]


def test_https_is_not_left_for_plain_http() -> None:
    assert leaves_https("https://a.example/x", ["/y", "http://b.example/y", "https://c.example"])
    assert not leaves_https("https://a.example/x", ["/y", "https://b.example", None])
    assert not leaves_https("http://a.example/x", ["http://b.example"])


def test_a_redirect_is_followed(url: str) -> None:
    class Elsewhere(Liar):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", url + self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()

    for first in serve(ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)):
        assert names(first, "PyPI") == ["P-1.json"]


def test_a_download_over_the_limit_is_refused(url: str) -> None:
    with pytest.raises(InvalidData, match="too large"):
        download(url + "/PyPI/all.zip", BytesIO(), 10)
