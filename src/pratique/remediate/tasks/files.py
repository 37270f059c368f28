"""Files that a task needs from the folder it is given: itself, its values, alias sources, Dockerfiles."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pratique.model.errors import InvalidData, UsageError
from pratique.remediate.tasks.arguments import BuildArguments
from pratique.remediate.tasks.places import shown
from pratique.remediate.tasks.task import WORKSPACE, Step

NAMES = ("acb.yaml", "acr-task.yaml", "task.yaml")  # looked for in this order
_SUFFIXES = (".yaml", ".yml")
_LIMIT = 1 << 20  # bytes


def is_task_file(path: Path) -> bool:
    """Whether a build definition's file is a task and not a Dockerfile, as ACR tells them apart: by its name."""
    return path.suffix.lower() in _SUFFIXES


def find_task_file(folder: Path) -> Path | None:
    """The task file of a folder."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_task_file(path: Path) -> str:
    """A task, a values file or an alias source. Raises UsageError, InvalidData."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > _LIMIT:
        raise InvalidData(f"{path} has more than {_LIMIT} bytes", "that is no task file")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidData(f"{path} is not UTF-8 text") from None


def reader_below(folder: Path) -> Callable[[str], str]:
    """Reads alias sources that are files of the context; addresses are not fetched."""

    def read(source: str) -> str:
        if "://" in source:
            raise UsageError(f"aliases from {shown(source)} are not fetched", "save the file beside the task")
        return read_task_file(_inside(folder, source))

    return read


def dockerfiles_below(folder: Path) -> Callable[[Step, BuildArguments], str]:
    """Reads the Dockerfiles of build steps, where their contexts are folders of the context."""

    def read(step: Step, arguments: BuildArguments) -> str:
        if arguments.is_remote:
            raise UsageError(f"the context {shown(arguments.context)} is elsewhere, and known once it was built")
        directory = PurePosixPath(step.working_directory)
        base = str(directory.relative_to(WORKSPACE)) if directory.is_relative_to(WORKSPACE) else "."
        context = f"{base}/{_relative(arguments.context)}"
        names = [f"{context}/Dockerfile"]
        if arguments.file:
            names = [f"{base}/{_relative(arguments.file)}", f"{context}/{_relative(arguments.file)}"]
        paths = [_inside(folder, name) for name in names]
        return read_task_file(next((path for path in paths if path.is_file()), paths[0]))

    return read


def _relative(path: str) -> str:
    return path.removeprefix(WORKSPACE).lstrip("/") or "." if path.startswith(WORKSPACE) else path


def _inside(folder: Path, name: str) -> Path:
    path = Path(os.path.normpath(folder.resolve() / name)).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UsageError(f"{shown(name)} is outside of {folder}")
    return path
