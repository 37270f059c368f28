"""`advisories.update`: every feed from a mirror as upstream lays it out, `unchanged`, and a feed that is down."""

import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from pratique.advisories import settings
from pratique.advisories.store import AdvisoryStore
from pratique.advisories.update import update
from pratique.entrypoints.cli.main import main
from pratique.model.errors import Unavailable, UsageError
from tests.advisories.records import NOW
from tests.support.machine import require_shared

FEEDS = ("osv", "debian-tracker", "alpine-secdb", "wolfi-secdb", "azure-linux", "kev")
FILES = b"""
[feeds.osv]
ecosystems = ["PyPI", "Debian"]
[feeds.alpine-secdb]
files = ["v3.11/main.json", "v3.11/community.json"]
[feeds.azure-linux]
files = ["azurelinux-3.0-oval.xml"]
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; counts what was really sent."""

    sent = 0

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if code == http.HTTPStatus.OK:
            type(self).sent += 1

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror() -> Iterator[str]:
    folder = require_shared("advisories")
    Quiet.sent = 0
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_every_feed_is_fetched_once_and_then_unchanged(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    wanted = settings.read(FILES, "feeds.toml", mirror=mirror, feeds=FEEDS)
    first = update(path, wanted, NOW)
    assert first.built is not None
    assert [(source.name, source.problem) for source in first.sources] == [(name, "") for name in FEEDS]
    with AdvisoryStore.open(path) as store:
        assert any(each.source == "debian-tracker" for each in store.find("Debian:12", "openssl"))
        assert store.find("Alpine:v3.11", "openssl")
        assert store.find("Wolfi", "openssl")
        assert store.find("Azure Linux:3", "openssl")
        assert store.find("PyPI", "jinja2")
    sent = Quiet.sent
    second = update(path, wanted, NOW + timedelta(hours=1))
    assert second.built is None
    assert Quiet.sent == sent


@pytest.mark.slow
def test_a_feed_that_is_down_keeps_the_last_good_data_and_says_so(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    update(path, settings.read(mirror=mirror, feeds=["debian-tracker"]), NOW)
    nowhere = settings.read(mirror="http://127.0.0.1:9", feeds=["debian-tracker"])
    later = update(path, nowhere, NOW + timedelta(days=1))
    assert later.sources[0].problem
    with AdvisoryStore.open(path) as store:
        assert store.find("Debian:12", "openssl")


@pytest.mark.slow
def test_the_command_says_what_each_feed_is(mirror: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "advisories.db"
    asked = ["db", "update", "--mirror", mirror, "--feed", "debian-tracker", "--feed", "kev", "--db", str(path)]
    assert main(asked) == 0
    assert "debian-tracker: current" in capsys.readouterr().out
    assert main(asked) == 0
    assert "nothing had changed" in capsys.readouterr().out
    assert main(["db", "status", "--db", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "from debian-tracker: 1416 (" in shown
    assert "    current as of 20" in shown
    assert "; CC0-1.0" in shown
    assert main(["db", "update", "--feed", "nobody", "--db", str(path)]) == 2


def test_a_first_update_without_the_feed_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    with pytest.raises(Unavailable, match="for the first time"):
        update(path, settings.read(mirror="http://127.0.0.1:9", feeds=["kev"]), NOW)
    assert not path.exists()


def test_feeds_whose_terms_bar_some_users_are_off_until_they_are_switched_on() -> None:
    assert {"wolfi-secdb", "chainguard-secdb"}.isdisjoint({feed.name for feed in settings.read().feeds})
    assert [
        feed.name for feed in settings.read(b"[feeds.wolfi-secdb]\nenabled = true\n", "f", feeds=["wolfi-secdb"]).feeds
    ]


@pytest.mark.parametrize(
    "data", [b"mirror = 3", b"[feeds.nobody]\n", b"\xff", b"[feeds.kev]\nfiles = ['../x']\n", b"typo = 1"]
)
def test_settings_that_are_wrong_are_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        settings.read(data, "feeds.toml")
