"""A look at every image of a multi-platform one."""

import json
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import main
from pratique.model.descriptor import Platform
from pratique.model.reference import Reference
from pratique.registry import images
from pratique.registry.layout import LayoutRepository
from tests.registry.support import tar_of

Capture = pytest.CaptureFixture[str]
WORDS = ("linux/amd64", "linux/arm64")
STATUS = "Package: {}\nStatus: install ok installed\nVersion: 3.0.11-1~deb12u1\nArchitecture: all\nSource: openssl\n\n"
RELEASE = b'ID=debian\nVERSION_ID="12"\n'


@pytest.fixture
def both(tmp_path: Path) -> str:
    """An index of two images; only the second has something vulnerable."""
    repository = LayoutRepository(tmp_path / "layout", Reference.parse("localhost/app"))
    files = [
        {"etc/os-release": RELEASE, "var/lib/dpkg/status": STATUS.format(n).encode()} for n in ("other", "libssl3")
    ]
    files[0]["var/lib/dpkg/status"] = files[0]["var/lib/dpkg/status"].replace(b"Source: openssl\n", b"")
    there = [
        images.pack(repository, [tar_of(content)], platform=Platform.parse(word))
        for content, word in zip(files, WORDS, strict=True)
    ]
    images.pack_index(repository, there, tag="1")
    return f"oci:{tmp_path}/layout:1"


def test_each_platform_has_its_report(database: Path, both: str, capsys: Capture) -> None:
    assert main(["scan", both, "--all-platforms", "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["images"]
    assert [one["image"] for one in found] == [f"{both} ({word})" for word in WORDS]
    assert [one["report"]["image"]["platform"] for one in found] == list(WORDS)
    assert [bool(one["report"]["findings"]) for one in found] == [False, True]


@pytest.mark.parametrize("form", ["table", "markdown", "html", "sarif"])
def test_other_formats_name_both(database: Path, both: str, capsys: Capture, form: str) -> None:
    assert main(["scan", both, "--all-platforms", "-f", form]) == 0
    text = capsys.readouterr().out.replace("\\", "").replace("&#x2F;", "/")
    assert all(f"({word})" in text for word in WORDS)
    assert "used by" not in text


def test_one_that_is_too_bad_fails_the_command(database: Path, both: str, capsys: Capture) -> None:
    assert main(["scan", both, "--all-platforms", "--fail-on", "critical"]) == 1
    assert main(["check", both, "--all-platforms"]) == 1
    assert main(["scan", both, "--platform", WORDS[0], "--fail-on", "critical"]) == 0
    capsys.readouterr()


def test_one_that_is_damaged_does_not_stop_the_other(
    database: Path, both: str, tmp_path: Path, capsys: Capture
) -> None:
    layout = LayoutRepository(tmp_path / "layout", Reference.parse("localhost/app"))
    broken = images.load(layout, "1", Platform.parse(WORDS[0])).layers[0].descriptor.digest
    (tmp_path / "layout/blobs" / broken.replace(":", "/")).unlink()
    assert main(["scan", both, "--all-platforms", "-f", "json"]) == 3
    captured = capsys.readouterr()
    assert [bool(one["report"]) for one in json.loads(captured.out)["images"]] == [False, True]
    assert f"({WORDS[0]})" in captured.err


def test_what_is_in_each_is_listed_without_advisories(both: str, capsys: Capture) -> None:
    assert main(["sbom", both, "--all-platforms", "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["images"]
    assert [[one["name"] for one in each["report"]["packages"]] for each in found] == [["other"], ["libssl3"]]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["sbom", "{}", "--all-platforms"], "cyclonedx is a format for one image"),
        (["sbom", "{}", "--all-platforms", "--platform", "linux/amd64", "-f", "json"], "leave one of the two out"),
        (["sbom", "dir:/", "--all-platforms", "-f", "json"], "has no platforms"),
    ],
)
def test_what_makes_no_sense_is_refused(both: str, command: list[str], words: str, capsys: Capture) -> None:
    assert main([word.format(both) for word in command]) == 2
    assert words in capsys.readouterr().err
