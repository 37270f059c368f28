"""A small image with a real shell: this machine's own programs and the libraries that they need."""

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from pratique.model.image import Image
from pratique.registry.images import pack
from pratique.registry.repository import Repository

_PROGRAMS = ("dash", "cat", "sleep", "env", "touch", "id", "ls")
_PASSWD = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"


def push_shell(repository: Repository, tag: str, **config: object) -> Image:
    """Push it; `/bin/sh` is there, and `config` is the image's."""
    return pack(repository, [_layer()], tag=tag, config=config or None)


def _layer() -> bytes:
    buffer = io.BytesIO()
    added: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in _PROGRAMS:
            program = shutil.which(name)
            if program is None:
                pytest.skip(f"needs {name} for an image with a shell, not on this machine")
            _add(tar, f"bin/{'sh' if name == 'dash' else name}", Path(program), added)
            for library in _libraries(program):
                _add(tar, library.lstrip("/"), Path(library), added)
        for name, text in (("etc/passwd", _PASSWD), ("etc/hosts", ""), ("tmp/.keep", "")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _libraries(program: str) -> list[str]:
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return re.findall(r"(/[^ )]+) \(", listed)


def _add(tar: tarfile.TarFile, name: str, path: Path, added: set[str]) -> None:
    if name in added:
        return
    added.add(name)
    data = path.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755
    tar.addfile(entry, io.BytesIO(data))
