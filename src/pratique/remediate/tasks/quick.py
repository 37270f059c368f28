"""Tasks without a file: a Dockerfile to build, a command to run (`az acr build`, `az acr run --cmd`). Pure."""

import shlex
from collections.abc import Iterator, Sequence

from pratique.model.errors import UsageError

_HEAD = "version: v1.1.0\nsteps:\n"


def quick_build(
    dockerfile: str, tags: Sequence[str], build_args: Sequence[str] = (), target: str = "", push: bool = True
) -> str:
    """A task that builds the context and pushes what has tags. A tag without a registry gets the task's, to push it."""
    named = [tag if _has_registry(tag) or not push else "{{.Run.Registry}}/" + tag for tag in tags]
    words = list(_words(dockerfile, named, build_args, target))
    text = _HEAD + f"  - id: build\n    build: {_quoted(' '.join(words))}\n"
    if push and named:
        text += "  - id: push\n    push:\n" + "".join(f"      - {_quoted(tag)}\n" for tag in named)
    return text


def quick_command(command: str, timeout: int | None = None) -> str:
    """A task of one cmd step, in the image's own working directory."""
    if not command.strip():
        raise UsageError("no command to run", "give an image and its arguments")
    limit = f"    timeout: {timeout}\n" if timeout else ""
    return _HEAD + f"  - cmd: {_quoted(command)}\n    disableWorkingDirectoryOverride: true\n{limit}"


def _words(dockerfile: str, tags: Sequence[str], build_args: Sequence[str], target: str) -> Iterator[str]:
    for tag in tags:
        yield from ("-t", tag)
    for argument in build_args:
        yield from ("--build-arg", shlex.quote(argument))
    if target:
        yield from ("--target", shlex.quote(target))
    yield from ("-f", shlex.quote(dockerfile), ".")


def _has_registry(tag: str) -> bool:
    head, slash, _ = tag.partition("/")
    return bool(slash) and ("." in head or ":" in head or "{" in head or head == "localhost")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
