"""A task file's text → a task: comments, version, aliases, secrets, templates, YAML, in acb's order.

Comment lines go first, so a template in a comment never runs. The version is found in the text before anything else,
because it decides whether there are aliases (from v1.1.0 on).
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import msgspec

from pratique.model.errors import UsageError
from pratique.remediate.tasks import aliases, graph, parse, tree
from pratique.remediate.tasks.aliases import IMAGES
from pratique.remediate.tasks.places import Place, PlacedError, Problem, shown
from pratique.remediate.tasks.task import Secret, Task
from pratique.remediate.tasks.template import render
from pratique.remediate.tasks.values import Data, RunVariables, template_data

VERSIONS = ("1.0-preview-1", "v1.0.0", "v1.1.0")
DEFAULT_VERSION = "v1.0.0"
_VERSION = re.compile(r"(['\"]?)version\1\s*:\s*(?P<value>.*?)\s*")


class Secrets(Protocol):
    """Where the values of a task's secrets are found."""

    def value(self, secret: Secret) -> str:
        """The secret's value. Raises NotFound, Refused, Unavailable."""


class NoSecrets:
    """`Secrets` for a look at a task: all of them are empty."""

    def value(self, secret: Secret) -> str:
        """Nothing."""
        return ""


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a task is filled in with. `aliases` are the images that a cmd may name without `$`."""

    now: datetime
    run: RunVariables = RunVariables()
    values: Data = {}
    secret_values: tuple[str, ...] = ()
    aliases: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(IMAGES))


class Prepared(msgspec.Struct, frozen=True):
    """A task (None where there is an error), its text with everything filled in, all problems, the secrets' values."""

    task: Task | None
    text: str
    problems: tuple[Problem, ...]
    secrets: tuple[str, ...] = ()


Reads = Callable[[str], str]  # the text behind an alias source: a file's name or an address


def prepare(
    text: str, name: str, inputs: Inputs, secrets: Secrets | None = None, reads: Reads | None = None
) -> Prepared:
    """Fill in and check a task file. Raises UsageError where it cannot even be read as YAML, and what `secrets` raises.

    What is wrong besides is in `problems`, with line and column of the file as it was written where that can be told.
    """
    if len(text) > tree.SIZE:
        raise UsageError(f"{name}: {len(text):,} characters is too long for a task file", f"at most {tree.SIZE:,}")
    version, problems = version_of(text, name)
    lines = _Lines.of(text, name)
    body, images = lines.text, dict[str, str]()
    if version >= "v1.1.0":
        body, images = _without_aliases(body, lines, inputs, reads, problems)
    wanted = _wanted_secrets(body, lines, inputs) if "secrets" in body else ()
    values = {secret.id: (secrets or NoSecrets()).value(secret) for secret in wanted}
    filled = _render(body, lines, inputs, values)
    task, found = parse.read(tree.load(filled, lines.name, lines.after(body, filled)), lines.name, version, images)
    problems += (*found, *graph.problems_of(task.steps))
    fit = not any(problem.error for problem in problems)
    masked = tuple(value for value in (*values.values(), *inputs.secret_values) if value)
    return Prepared(task if fit else None, filled, tuple(sorted(problems, key=lambda problem: problem.place)), masked)


def ready(prepared: Prepared) -> Task:
    """The task, where nothing is wrong. Raises UsageError: the first problem, and how many there are."""
    if prepared.task is not None:
        return prepared.task
    errors = [problem for problem in prepared.problems if problem.error]
    first = errors[0]
    more = f" (and {len(errors) - 1} more: see pratique task lint)" if len(errors) > 1 else ""
    raise first.place.error(first.what + more, first.hint)


def version_of(text: str, name: str) -> tuple[str, list[Problem]]:
    """The version that the text declares at its left margin, in the spelling that we use."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _VERSION.fullmatch(line)
        if found:
            given = re.sub(r"\s#.*", "", found["value"]).strip().strip("'\"")
            known = next((each for each in VERSIONS if each.lower() == given.lower()), None)
            if known is None:
                place = Place(name, number, found.start("value") + 1)
                return DEFAULT_VERSION, [Problem(place, f"version {shown(given)}", f"one of {', '.join(VERSIONS)}")]
            return known, []
    return DEFAULT_VERSION, []


class _Lines:
    """The text without its comment lines, and which line of the file each of its lines was."""

    def __init__(self, text: str, name: str, numbers: list[int]) -> None:
        self.text, self.name, self.numbers = text, name, numbers

    @classmethod
    def of(cls, text: str, name: str) -> "_Lines":
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
        kept = [(number, line) for number, line in enumerate(lines, 1) if not line.lstrip().startswith("#")]
        return cls("\n".join(line for _, line in kept), name, [number for number, _ in kept])

    def of_line(self, line: int) -> int:
        return self.numbers[line - 1] if 0 < line <= len(self.numbers) else line

    def after(self, before: str, rendered: str) -> Callable[[int], int]:
        """Lines of the rendered text: still those of the file where the template neither added nor took any."""
        return self.of_line if before.count("\n") == rendered.count("\n") else lambda line: line


def _without_aliases(
    body: str, lines: _Lines, inputs: Inputs, reads: Reads | None, problems: list[Problem]
) -> tuple[str, dict[str, str]]:
    """The text without its alias block and with its aliases filled in; what a cmd's first word may be."""
    parts = aliases.split(body)
    found = aliases.Aliases()
    if parts.block:
        block = _render(parts.block, lines, inputs, {})
        found = aliases.read(tree.load(block, lines.name, lines.after(parts.block, block)), problems)
    values = {**inputs.aliases, **aliases.BUILT_IN}
    for source in found.sources:
        values |= _from_source(source, lines, reads, problems)
    values |= found.values
    named = {name: meaning for name, meaning in values.items() if name not in aliases.BUILT_IN}
    return aliases.substitute(parts.rest, values, found.directive), named


def _from_source(source: str, lines: _Lines, reads: Reads | None, problems: list[Problem]) -> dict[str, str]:
    if reads is None:
        problems.append(Problem(Place(lines.name, 1, 1), f"aliases from {shown(source)} were not read", error=False))
        return {}
    return aliases.read_source(tree.load(reads(source), source), problems)


def _wanted_secrets(body: str, lines: _Lines, inputs: Inputs) -> tuple[Secret, ...]:
    first = _render(body, lines, inputs, {})
    return parse.secrets_of(tree.load(first, lines.name, lines.after(body, first)))


def _render(body: str, lines: _Lines, inputs: Inputs, secrets: Mapping[str, str]) -> str:
    if "{{" not in body:
        return body
    data = template_data(inputs.run, inputs.values, secrets)
    try:
        return render(body, data, lines.name, inputs.now)
    except PlacedError as error:
        place = Place(lines.name, lines.of_line(error.place.line), error.place.column)
        raise place.error(error.problem, error.hint) from None
