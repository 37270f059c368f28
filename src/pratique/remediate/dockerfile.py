"""Which images a Dockerfile builds on, and the same Dockerfile with those pinned to digests.

Dockerfile reference: FROM, ARG, COPY --from, RUN --mount=from. Reads what bears on references and nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import NoReturn

import msgspec

from pratique.model.descriptor import Platform
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, PratiqueError, UsageError
from pratique.model.reference import Reference
from pratique.remediate.expansion import expand
from pratique.remediate.instructions import Instruction, Word, escape_of, instructions

_LIMIT = 1 << 20  # characters; real ones have a few thousand


class Use(msgspec.Struct, frozen=True):
    """One place where a Dockerfile names an image: what it means, and where the word stands in the file."""

    reference: Reference
    keyword: str
    line: int
    start: int
    end: int
    platform: str = ""


class Stage(msgspec.Struct, frozen=True):
    """One build stage: the image it starts from (None: scratch or another stage), all uses, the stages it needs."""

    name: str
    base: Use | None
    parent: int | None
    uses: tuple[Use, ...]
    needs: frozenset[int]


class Dockerfile(msgspec.Struct, frozen=True):
    """A Dockerfile's text and its stages in order."""

    text: str
    stages: tuple[Stage, ...]

    def base(self, target: str = "") -> Use | None:
        """The image whose layers the result of stage `target` (last if empty) begins with; None for scratch."""
        stage = self.stages[self._position(target)]
        while stage.parent is not None:
            stage = self.stages[stage.parent]
        return stage.base

    def references(self, target: str = "") -> tuple[Reference, ...]:
        """Every image that building stage `target` reads from, in the order of the file, each once."""
        return tuple(dict.fromkeys(use.reference for use in self._uses(target)))

    def pinned(self, bases: Mapping[Reference, Digest], target: str = "") -> str:
        """The text with the images of `bases` pinned to these digests and all other images by full name.

        Raises UsageError when it doesn't use one of `bases`, so that a plan cannot come to nothing unseen.
        """
        used = {_found(use.reference, bases) for use in self._uses(target)}
        unused = sorted(str(reference) for reference in bases if reference not in used)
        if unused:
            raise UsageError(f"the Dockerfile does not build on {unused[0]}", "give the base as its FROM line names it")
        text = self.text
        for use in sorted(self._all_uses(), key=lambda use: use.start, reverse=True):
            key = _found(use.reference, bases)
            name = use.reference.at(bases[key]) if key else use.reference
            text = text[: use.start] + str(name) + text[use.end :]
        return text

    def _uses(self, target: str) -> Iterator[Use]:
        needed = {self._position(target)}
        for position in range(len(self.stages) - 1, -1, -1):
            if position in needed:
                needed |= self.stages[position].needs
        for position in sorted(needed):
            yield from self.stages[position].uses

    def _all_uses(self) -> Iterator[Use]:
        for stage in self.stages:
            yield from stage.uses

    def _position(self, target: str) -> int:
        if not target:
            return len(self.stages) - 1
        for position, stage in enumerate(self.stages):
            if stage.name == target.lower() or str(position) == target:
                return position
        raise UsageError(f"the Dockerfile has no stage {target[:80]!r}")


def parse(text: str, build_args: Mapping[str, str] | None = None, platform: Platform | None = None) -> Dockerfile:
    """Read a Dockerfile with these build arguments. Raises InvalidData, naming the line."""
    if len(text) > _LIMIT:
        raise InvalidData(f"a Dockerfile of {len(text)} characters", "that is no Dockerfile")
    parser = _Parser(text, build_args or {}, platform or Platform())
    for instruction in instructions(text):
        parser.read(instruction)
    return parser.finish()


class _Parser:
    def __init__(self, text: str, build_args: Mapping[str, str], platform: Platform) -> None:
        self.text, self.build_args, self.escape = text, build_args, escape_of(text)
        self.platforms = _platform_arguments(platform)
        self.global_arguments: dict[str, str] = {**self.platforms}
        self.arguments: dict[str, str] = {}
        self.stages: list[Stage] = []
        self.names: dict[str, int] = {}

    def read(self, instruction: Instruction) -> None:
        if instruction.keyword == "FROM":
            self._from(instruction)
        elif instruction.keyword == "ARG":
            self._arg(instruction)
        elif instruction.keyword in ("COPY", "ADD"):
            self._copy(instruction)
        elif instruction.keyword == "RUN":
            self._run(instruction)

    def finish(self) -> Dockerfile:
        if not self.stages:
            raise InvalidData("the Dockerfile has no FROM", "is this the right file?")
        return Dockerfile(self.text, tuple(self.stages))

    def _from(self, instruction: Instruction) -> None:
        flags, words = _flags(instruction)
        texts = [word.text for word in words]
        if not (len(texts) == 1 or (len(texts) == 3 and texts[1].upper() == "AS")):
            self._fail(instruction, "FROM takes an image, and after AS a name")
        platform = next((flag.text.partition("=")[2] for flag in flags if flag.text.startswith("--platform=")), "")
        platform = self._expanded(instruction, platform, self.global_arguments) if platform else ""
        name = self._expanded(instruction, texts[0], self.global_arguments)
        parent = self.names.get(name.lower())
        base = None
        if parent is None and name != "scratch":
            base = self._use(instruction, words[0], name, platform)
        uses = () if base is None else (base,)
        needs = frozenset(() if parent is None else (parent,))
        stage = Stage(texts[2].lower() if len(texts) == 3 else "", base, parent, uses, needs)
        if stage.name:
            self.names[stage.name] = len(self.stages)
        self.stages.append(stage)
        self.arguments = {**self.platforms}

    def _arg(self, instruction: Instruction) -> None:
        scope = self.arguments if self.stages else self.global_arguments
        for word in instruction.words:
            name, equals, default = word.text.partition("=")
            if name in self.build_args:
                scope[name] = self.build_args[name]
            elif equals:
                try:
                    scope[name] = expand(default, scope, self.escape).text
                except ValueError:
                    scope.pop(name, None)  # only matters where a reference needs it, and is told there
            elif self.stages and name in self.global_arguments:
                scope[name] = self.global_arguments[name]

    def _copy(self, instruction: Instruction) -> None:
        for flag in _flags(instruction)[0]:
            if flag.text.startswith("--from="):
                self._source(instruction, flag.part(len("--from="), len(flag.text)))

    def _run(self, instruction: Instruction) -> None:
        for flag in _flags(instruction)[0]:
            if not flag.text.startswith("--mount="):
                continue
            position = len("--mount=")
            for option in flag.text[position:].split(","):
                if option.startswith("from="):
                    self._source(instruction, flag.part(position + len("from="), position + len(option)))
                position += len(option) + 1

    def _source(self, instruction: Instruction, word: Word) -> None:
        if not self.stages:
            self._fail(instruction, f"{instruction.keyword} before the first FROM")
        name = self._expanded(instruction, word.text, self.arguments)
        current = self.stages[-1]
        position = self.names.get(name.lower(), int(name) if name.isdecimal() and len(name) < 6 else None)
        if position is None:
            use = self._use(instruction, word, name, "")
            self.stages[-1] = msgspec.structs.replace(current, uses=(*current.uses, use))
        elif position < len(self.stages) - 1:
            self.stages[-1] = msgspec.structs.replace(current, needs=current.needs | {position})
        else:
            self._fail(instruction, f"stage {name} is not built yet")

    def _use(self, instruction: Instruction, word: Word, name: str, platform: str) -> Use:
        try:
            reference = Reference.parse(name)
        except PratiqueError as error:
            self._fail(instruction, str(error))
        return Use(reference, instruction.keyword, instruction.line, word.places[0], word.places[-1] + 1, platform)

    def _expanded(self, instruction: Instruction, word: str, values: Mapping[str, str]) -> str:
        try:
            expanded = expand(word, values, self.escape)
        except ValueError as error:
            self._fail(instruction, f"{word[:80]!r} has {error}")
        if expanded.missing:
            name = expanded.missing[0]
            self._fail(instruction, f"{word[:80]!r} needs {name}", f"pass it with --build-arg {name}=...")
        return expanded.text

    def _fail(self, instruction: Instruction, problem: str, hint: str = "") -> NoReturn:
        raise InvalidData(f"Dockerfile line {instruction.line}: {problem}", hint)


def _flags(instruction: Instruction) -> tuple[list[Word], list[Word]]:
    words = list(instruction.words)
    count = next((at for at, word in enumerate(words) if not word.text.startswith("--")), len(words))
    return words[:count], words[count:]


def _found(reference: Reference, bases: Mapping[Reference, Digest]) -> Reference | None:
    """The key of `bases` that means this reference: itself, or without the digest that the Dockerfile pins it to."""
    unpinned = Reference(reference.registry, reference.repository, reference.tag)
    return next((key for key in (reference, unpinned) if key in bases), None)


def _platform_arguments(platform: Platform) -> dict[str, str]:
    values = {
        "PLATFORM": str(platform),
        "OS": platform.os,
        "ARCH": platform.architecture,
        "VARIANT": platform.variant,
    }
    return {prefix + name: value for prefix in ("TARGET", "BUILD") for name, value in values.items()}
