"""What `pratique task` is given: the file, its values, aliases and secrets. Imported only by its commands."""

import argparse
import secrets as random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pratique.entrypoints.cli import output
from pratique.model.errors import NotFound, UsageError
from pratique.remediate.tasks.aliases import IMAGES
from pratique.remediate.tasks.files import read_task_file, reader_below
from pratique.remediate.tasks.prepare import Inputs, prepare, ready
from pratique.remediate.tasks.task import Secret, Task
from pratique.remediate.tasks.values import RunVariables, date_of, read_settings, read_values

EXAMPLE = "registry.example"  # a task's registry where it only is looked at


class SecretFiles:
    """`Secrets` from files that the user names, without the newline at their end."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def value(self, secret: Secret) -> str:
        """See `Secrets.value`."""
        if secret.id not in self._files:
            raise NotFound(
                f"no value for the secret {secret.id[:80]!r}", f"give it with --secret {secret.id[:80]}=FILE"
            )
        return read_task_file(Path(self._files[secret.id])).removesuffix("\n")


def task_text(file: str) -> tuple[str, Callable[[str], str]]:
    """A task file's text, and a reader of what its `alias: src:` names. Raises UsageError."""
    path = Path(file)
    return read_task_file(path), reader_below(path.resolve().parent)


def task_of(args: argparse.Namespace, file: str) -> Task:
    """A task, for a look at it: its secrets are empty. Raises UsageError."""
    text, reads = task_text(file)
    return ready(prepare(text, file, inputs(args, EXAMPLE), reads=reads))


def inputs(args: argparse.Namespace, registry: str = "") -> Inputs:
    """What templates see; `registry` where the user names none. Raises UsageError."""
    now = output.now()
    hidden = read_settings(args.set_secret, "--set-secret")
    values = read_values(read_task_file(Path(args.values)), args.values) if args.values else {}
    variables = RunVariables(
        id=args.id or f"p{random.token_hex(4)}",
        commit=args.commit,
        repository=args.repository,
        branch=args.branch,
        registry=args.registry or registry,
        date=date_of(now),
        architecture=_architecture(),
    )
    return Inputs(
        now=now,
        run=variables,
        values={**values, **read_settings(args.set), **hidden},
        secret_values=tuple(hidden.values()),
        aliases={**IMAGES, **read_settings(args.alias, "--alias")},
    )


def secret_files(settings: Sequence[str]) -> SecretFiles:
    """`--secret ID=FILE`s."""
    return SecretFiles(read_settings(settings, "--secret"))


def read_bytes(file: str) -> bytes:
    """A file, or standard input for `-`. Raises UsageError."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None


def _architecture() -> str:
    import platform

    machine = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(machine, machine or "amd64")
