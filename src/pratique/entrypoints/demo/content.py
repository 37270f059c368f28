"""What the demo's images hold: real packages, downloaded by pip, checked by hash, as layers of a root file system."""

import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from pratique.model.errors import Unavailable

SITE_PACKAGES = "usr/lib/python3.11/site-packages"
_PATIENCE = 90  # seconds that pip may take for a handful of small files


def download(requirements: str, folder: Path) -> tuple[Path, ...]:
    """Fetch the wheels that `content/<requirements>.txt` pins, into a folder. Raises Unavailable when pip cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("pratique.entrypoints.demo").joinpath("content", f"{requirements}.txt")) as pins:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary", ":all:", "--require-hashes", "--dest", str(folder), "--requirement", str(pins)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"pip took longer than {_PATIENCE} s for {requirements}", "try again") from None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Unavailable(f"pip could not download the demo's packages ({last[0]})", "is a package index reachable?")
    return tuple(sorted(folder.glob("*.whl")))


def installed(wheels: tuple[Path, ...]) -> bytes:
    """The wheels as pip would unpack them, as an uncompressed layer tar. The same wheels give the same bytes."""
    found: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                if not entry.is_dir():
                    found[f"{SITE_PACKAGES}/{entry.filename}"] = archive.read(entry)
    return layer(found)


def layer(content: Mapping[str, bytes]) -> bytes:
    """Files by path as an uncompressed tar, without times or owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(content):
            info = tarfile.TarInfo(path)
            info.size = len(content[path])
            info.mode = 0o644
            archive.addfile(info, io.BytesIO(content[path]))
    return buffer.getvalue()
