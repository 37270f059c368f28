import os
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.entrypoints.cli.main import COMMANDS, main
from pratique.entrypoints.cli.output import write
from pratique.wiring import scans

Capture = pytest.CaptureFixture[str]


def refused(capsys: Capture, argv: list[str]) -> tuple[int, str]:
    """The exit code and the one line on standard error; nothing on standard output."""
    code = main(argv)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pratique: error: ")
    assert captured.err.count("\n") == 1
    return code, captured.err.removeprefix("pratique: error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "the following arguments are required: COMMAND: see pratique --help"),
        (["scna", "x"], "invalid choice: 'scna'"),
        (["scan"], "the following arguments are required: TARGET: see pratique scan --help"),
        (["scan", "dir:/", "-f", "xml"], "invalid choice: 'xml'"),
        (["scan", "dir:/", "--severity", "hihg"], "not a severity: 'hihg': one of critical, high, medium, low"),
        (["scan", "dir:/", "--fail-on", ""], "not a severity: ''"),  # an unset variable must not open the gate
        (["scan", "dir:/", "--policy", ""], "cannot read"),
        (["scan", "dir:/", "--platform", ""], "not a platform: ''"),
        (["scan", "dir:/", "--fail-on", "bad"], "not a severity: 'bad'"),
        (["scan", "dir:/", "--platform", "amd64"], "not a platform: 'amd64': write it as linux/amd64"),
        (["scan", "dir:/", "-o", "/nowhere/at/all/x"], "cannot write /nowhere/at/all/x: there is no folder"),
        (["scan", "dir:/", "-o", "/"], "cannot write /: it is a folder"),
        (["sbom", "registry.example/web:1", "--offline"], "registry.example/web:1 is in a registry, and --offline"),
        (["sbom", "docker://registry.example/web:1", "--offline"], "is in a registry, and --offline"),
        (["sbom", "./image.tar"], "a file or folder needs oci:, oci-archive:"),
        (["sbom", "Not A Reference"], "not an image reference"),
        (["sbom", "registry.example/web@sha256:12"], "not a digest: 'sha256:12'"),
        (["db"], "the following arguments are required: COMMAND"),
        (["db", "build"], "the following arguments are required: --osv"),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_two(argv: list[str], says: str, capsys: Capture) -> None:
    code, line = refused(capsys, argv)
    assert says in line
    assert code == 2


def test_a_missing_database_says_how_to_make_one(tmp_path: Path, root: str, capsys: Capture) -> None:
    for command in (["scan", root], ["check", root], ["db", "status"]):
        code, line = refused(capsys, command)
        assert code == 3
        assert line.startswith(
            f"no advisories at {tmp_path}/data/pratique/advisories.db: make them with pratique db build"
        )


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, root: str, capsys: Capture) -> None:
    fake = tmp_path / "fake.db"
    fake.write_bytes(b"not sqlite" * 1000)
    code, line = refused(capsys, ["scan", root, "--db", str(fake)])
    assert code == 3
    assert str(fake) in line


def test_a_policy_with_a_typo_is_refused_with_its_place(
    tmp_path: Path, database: Path, root: str, capsys: Capture
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nname: ours\nrules:\n  - severty: {at_least: high}\n    action: deny\n")
    for command in ("scan", "check"):
        code, line = refused(capsys, [command, root, "--policy", str(policy)])
        assert code == 2
        assert f"{policy}:4" in line
        assert "severty" in line


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("dir:{0}/nothing", "no such folder"),
        ("sbom:{0}/nothing", "no such file"),
        ("sbom:{0}", "cannot read"),
        ("sbom:{0}/noise", "not an SBOM"),
        ("sbom:{0}/half.json", "cannot read"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, target: str, says: str, capsys: Capture) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    (tmp_path / "half.json").write_text('{"bomFormat": "CycloneDX", "components": [{')
    code, line = refused(capsys, ["sbom", target.format(tmp_path)])
    assert code in {2, 3}
    assert says in line
    assert str(tmp_path) in line


def test_a_time_that_is_none_is_refused(root: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert refused(capsys, ["sbom", root]) == (
        2,
        "not a time: SOURCE_DATE_EPOCH='yesterday': it must be seconds since 1970",
    )


def test_a_bug_is_called_a_bug_and_shows_its_traceback_only_when_asked(
    root: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(scans, "inspect", broken)
    code, line = refused(capsys, ["sbom", root])
    assert code == 3
    assert line.startswith("a bug in pratique (RuntimeError: two lines): run it again with PRATIQUE_DEBUG=1")
    monkeypatch.setenv("PRATIQUE_DEBUG", "1")
    assert main(["sbom", root]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_quiet(root: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scans, "inspect", interrupted)
    assert main(["sbom", root]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_goes_away_is_no_error(root: str) -> None:
    code = "import sys; from pratique.entrypoints.cli.main import main; sys.exit(main(sys.argv[1:]))"
    read, written = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, "sbom", root], stdout=written, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(written)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_pipe_given_as_output_stays_a_pipe(tmp_path: Path) -> None:
    write(b"x", "/dev/null")
    assert not Path("/dev/null").is_file()


def test_a_link_given_as_output_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write(b"new", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert f"usage: pratique {command}" in capsys.readouterr().out


def test_help_lists_the_commands(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(f"\n    {command} " in text for command in COMMANDS)
