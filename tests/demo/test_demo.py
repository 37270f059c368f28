"""`pratique demo`, as a person starts it: the whole loop in one folder, in under a minute."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.machine import PROJECT


def demo(folder: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pratique", "demo", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src"), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_the_demo_ends_well_twice_and_leaves_a_report(tmp_path: Path) -> None:
    for _ in range(2):
        begun = time.monotonic()
        done = demo(tmp_path)
        if "could not download the demo's packages" in done.stderr:
            pytest.skip(f"needs a package index: {done.stderr.strip()[:200]}")
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - begun < 60
    assert done.stderr == ""
    refused, allowed = done.stdout.index("answered: refused"), done.stdout.index("answered: allowed")
    assert done.stdout.index("CVE-2019-10906") < refused < done.stdout.index("✓ findings") < allowed
    page = (tmp_path / "demo-out" / "report.html").read_text()
    assert all(word in page for word in ("CVE-2019-10906", "shop/web", "shop/checkout"))


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    done = demo(tmp_path, "--out", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"pratique: error: {tmp_path} is not empty and not a demo's: name another folder with --out\n"
    assert (tmp_path / "precious").read_text() == "mine"


@pytest.mark.parametrize("argv", [[], ["--cluster"]])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, argv: list[str]) -> None:
    (tmp_path / "file").touch()
    done = demo(tmp_path, *argv, "--out", str(tmp_path / "file" / "out"))
    assert done.returncode == 3
    assert done.stderr.startswith("pratique: error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_the_cluster_demo_without_root_says_so(tmp_path: Path) -> None:
    script = "import os, sys\nfrom pratique.entrypoints.demo import machine\nos.setuid(65534)\n"
    script += "try: machine.check()\nexcept Exception as error: print(error); sys.exit(3)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 3, done.stderr
    assert done.stdout == "the cluster demo needs root: mmdebstrap and buildah make real root file systems\n"


def test_the_cluster_demo_without_its_programs_says_what_to_install(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(PROJECT / "src")}
    if os.geteuid() != 0:
        pytest.skip("needs root: without it that is what the demo says")
    done = subprocess.run(
        [sys.executable, "-m", "pratique", "demo", "--cluster"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "apt-get install" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
