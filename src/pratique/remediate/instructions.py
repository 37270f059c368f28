"""A Dockerfile's text as instructions, each character knowing where in the file it stands.

Dockerfile reference: "Format", "Parser directives", "Here-documents". Comments, continuations and here-documents end
here; what an instruction means is for `dockerfile`.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

_DIRECTIVE = re.compile(r"\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*")
_HEREDOC = re.compile(r"\d*<<(-?)([\"']?)([^<\"'\s]+)\2")
_BOM = "\ufeff"
_TAKES_HEREDOCS = frozenset({"RUN", "COPY", "ADD"})
_WORD = {
    "\\": re.compile(r"""(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+|["'\\]"""),
    "`": re.compile(r"""(?:[^\s"'`]|`.|"(?:[^"`]|`.)*"|'[^']*')+|["'`]"""),
}


class Word(msgspec.Struct, frozen=True):
    """A word as written, and where in the file each of its characters stands (a line may break inside a word)."""

    text: str
    places: tuple[int, ...]

    def part(self, start: int, end: int) -> "Word":
        """The piece from character `start` up to, not including, `end`."""
        return Word(self.text[start:end], self.places[start:end])


class Instruction(msgspec.Struct, frozen=True):
    """One instruction: its keyword in capitals, its line (from 1), its arguments as words."""

    keyword: str
    line: int
    words: tuple[Word, ...]


def escape_of(text: str) -> str:
    r"""The file's escape character, `\` or the backtick that an `# escape=` directive at its top names."""
    for line in text.removeprefix(_BOM).split("\n"):
        directive = _DIRECTIVE.fullmatch(line.rstrip())
        if not directive:
            break
        if directive[1].lower() == "escape" and directive[2] in _WORD:
            return directive[2]
    return "\\"


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile in order. Never fails: what is none comes out with a strange keyword."""
    escape = escape_of(text)
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    number = 0
    while number < len(lines):
        first, (joined, offsets, number) = number, _join(lines, starts, number, escape)
        words = tuple(_words(joined, offsets, escape))
        if not words:
            continue
        keyword = words[0].text.removeprefix(_BOM).upper()
        if keyword in _TAKES_HEREDOCS:
            number = _after_heredocs(words, lines, number)
        yield Instruction(keyword, first + 1, words[1:])


def _join(lines: Sequence[str], starts: Sequence[int], number: int, escape: str) -> tuple[str, list[int], int]:
    """One logical line from `number` on, the place in the file of each character, the number of the next line."""
    parts: list[str] = []
    offsets: list[int] = []
    while number < len(lines):
        line = lines[number]
        body = line.rstrip()
        number += 1
        if body.lstrip().startswith("#") or not body:
            if parts:
                continue  # comments and empty lines inside a continuation are left out
            break
        continues = body.endswith(escape)
        part = body[: -len(escape)] if continues else body
        parts.append(part)
        offsets.extend(range(starts[number - 1], starts[number - 1] + len(part)))
        if not continues:
            break
    return "".join(parts), offsets, number


def _words(joined: str, offsets: Sequence[int], escape: str) -> Iterator[Word]:
    for match in _WORD[escape].finditer(joined):
        yield Word(match[0], tuple(offsets[match.start() : match.end()]))


def _after_heredocs(words: Sequence[Word], lines: Sequence[str], number: int) -> int:
    for word in words:
        heredoc = _HEREDOC.fullmatch(word.text)
        if heredoc:
            number = _after_delimiter(lines, number, heredoc[3], tabs=bool(heredoc[1]))
    return number


def _after_delimiter(lines: Sequence[str], number: int, delimiter: str, tabs: bool) -> int:
    for position in range(number, len(lines)):
        line = lines[position].rstrip("\r\n")
        if (line.lstrip("\t") if tabs else line) == delimiter:
            return position + 1
    return len(lines)
