"""A run's own folder: a copy of the context as `/workspace`, a home, volumes, logs, and buildah's store.

The context is copied, as ACR uploads it, so a step cannot change what it was given; version control stays out.
"""

import base64
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from pratique.model.errors import Unavailable, UsageError
from pratique.remediate.tasks.places import shown
from pratique.remediate.tasks.task import WORKSPACE, Step, Volume, VolumeMount

HOME = "/acb/home"
_LOCK = "lock"
_LEFT_OUT = (".git", ".gitignore", ".hg", ".hgignore", ".svn", ".bzr", ".venv")


class Workspace:
    """Made below `folder`; `close` removes all of it but the logs. Use it as a context manager.

    Paths in steps are containers' (`/workspace/...`, a volume's mount path); `host` says where they are here.
    """

    def __init__(self, folder: Path, context: Path | None, volumes: Iterable[Volume] = ()) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder)
            self.root, self._lock = _locked(folder)
            self.logs = folder / "logs" / self.root.name
            for path in (self.root / "home", self.root / "volumes", self.root / "scratch", self.logs):
                path.mkdir(parents=True)
            self._copy(context)
            self._fill(volumes)
        except OSError as error:
            raise Unavailable(f"cannot prepare a run in {folder}: {error.strerror or error}") from None

    @property
    def files(self) -> Path:
        """What steps see as `/workspace`."""
        return self.root / "workspace"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Remove the run's files, but never through something that is still mounted below them."""
        _remove(self.root)
        os.close(self._lock)

    def mounts(self, step: Step) -> tuple[tuple[str, Path, bool], ...]:
        """What a step's container gets: its path, ours, and whether it may write there."""
        volumes = [(mount.path, self._volume(mount), False) for mount in step.volume_mounts]
        return ((WORKSPACE, self.files, True), (HOME, self.root / "home", True), *volumes)

    def host(self, path: str, step: Step) -> Path:
        """Where a path of a step is here; relative ones start at its working directory. Raises UsageError outside."""
        inside = PurePosixPath(os.path.normpath(PurePosixPath(step.working_directory) / path))
        for mounted, here, _ in self.mounts(step):
            if inside.is_relative_to(mounted):
                found = (here / inside.relative_to(mounted)).resolve()
                if found.is_relative_to(here.resolve()):
                    return found
        raise UsageError(f"{shown(path)} is outside of {WORKSPACE}", "a step sees its workspace and its volumes")

    def translated(self, text: str, step: Step) -> str:
        """A builder's option with `src=` paths of the step's volumes and workspace as they are here."""
        parts = text.split(",")
        for at, part in enumerate(parts):
            name, equals, value = part.partition("=")
            if equals and name in ("src", "source") and value.startswith("/"):
                parts[at] = f"{name}={self.host(value, step)}"
        return ",".join(parts)

    def make_directory(self, step: Step) -> None:
        """Make a step's working directory, where it is in the workspace and not one of the image's."""
        with suppress(UsageError, OSError):
            self.host(".", step).mkdir(parents=True, exist_ok=True)

    def _volume(self, mount: VolumeMount) -> Path:
        return self.root / "volumes" / mount.name

    def _copy(self, context: Path | None) -> None:
        if context is None:
            self.files.mkdir()
            return
        if not context.is_dir():
            raise UsageError(f"no context: {context} is not a folder")
        left_out = {*_LEFT_OUT}

        def ignored(folder: str, names: Sequence[str]) -> set[str]:
            inside = Path(folder).resolve()
            return {name for name in names if name in left_out or _is_special(inside / name, self.root.parent)}

        shutil.copytree(context, self.files, symlinks=True, ignore=ignored)

    def _fill(self, volumes: Iterable[Volume]) -> None:
        for volume in volumes:
            folder = self.root / "volumes" / volume.name
            folder.mkdir(mode=0o755)
            for name, content in volume.files.items():
                (folder / name).write_bytes(base64.b64decode(content) + b"\n")


def _locked(folder: Path) -> tuple[Path, int]:
    """A run's folder that nobody takes for abandoned: its lock is held from before it has its name."""
    made = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return made.rename(folder / made.name.replace("new-", "run-", 1)).resolve(), lock


def _remove_abandoned(folder: Path) -> None:
    """What runs left behind that were killed."""
    for path in folder.glob("run-*"):
        try:
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(path.resolve())
        except OSError:
            continue
        finally:
            os.close(lock)


def _remove(root: Path) -> None:
    if not any(mount.is_relative_to(root) for mount in _mounts()):
        shutil.rmtree(root, ignore_errors=True)


def _is_special(path: Path, store: Path) -> bool:
    """Neither file nor folder (a socket, a pipe), or where runs are kept."""
    return path == store or not (path.is_symlink() or path.is_file() or path.is_dir())


def _mounts() -> Iterable[Path]:
    """Where file systems are mounted; Linux tells, elsewhere nothing of ours is mounted."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ()
    return [Path(line.split()[4].encode().decode("unicode_escape")) for line in lines]
