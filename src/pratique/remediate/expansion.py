"""Variables in a Dockerfile's words: `$X`, `${X}`, `${X:-default}`, `${X:+other}` (Dockerfile reference, ARG, FROM)."""

import re
from collections.abc import Mapping

import msgspec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEPTH = 20  # defaults in defaults; more is no Dockerfile


class Expanded(msgspec.Struct, frozen=True):
    """A word after expansion, and the variables that had no value and no default."""

    text: str
    missing: tuple[str, ...] = ()


def expand(word: str, values: Mapping[str, str], escape: str = "\\") -> Expanded:
    """Expand variables and take quotes away. Raises ValueError for an expression that Dockerfiles don't know."""
    reader = _Reader(word, values, escape)
    text = reader.read(stop="", depth=0)
    return Expanded(text, tuple(dict.fromkeys(reader.missing)))


class _Reader:
    def __init__(self, word: str, values: Mapping[str, str], escape: str) -> None:
        self.word, self.values, self.escape = word, values, escape
        self.at = 0
        self.missing: list[str] = []

    def read(self, stop: str, depth: int) -> str:
        """Everything up to `stop` (not included) or the end."""
        out: list[str] = []
        quote = ""
        while self.at < len(self.word) and (quote or self.word[self.at] != stop):
            character = self.word[self.at]
            self.at += 1
            if character == quote:
                quote = ""
            elif not quote and character in "\"'":
                quote = character
            elif character == self.escape and quote != "'":
                out.append(self.word[self.at : self.at + 1])
                self.at += 1
            elif character == "$" and quote != "'":
                out.append(self._variable(depth))
            else:
                out.append(character)
        return "".join(out)

    def _variable(self, depth: int) -> str:
        braced = self.word.startswith("{", self.at)
        name = _NAME.match(self.word, self.at + braced)
        if not name:
            raise ValueError("a lone '$'")
        self.at = name.end()
        value = self.values.get(name[0])
        if not braced:
            return self._plain(name[0], value)
        colon = self.word.startswith(":", self.at)
        operator = self.word[self.at + colon : self.at + colon + 1]
        if operator == "}" and not colon:
            self.at += 1
            return self._plain(name[0], value)
        return self._modified(name[0], value, operator, colon, depth)

    def _modified(self, name: str, value: str | None, operator: str, colon: bool, depth: int) -> str:
        if operator not in ("-", "+", "?") or depth > _DEPTH:
            raise ValueError(f"an expression that is not known after ${{{name}")
        self.at += colon + 1
        before = len(self.missing)
        word = self.read("}", depth + 1)
        if not self.word.startswith("}", self.at):
            raise ValueError(f"no '}}' after ${{{name}")
        self.at += 1
        given = bool(value) if colon else value is not None
        if (operator == "+") != given:
            del self.missing[before:]  # the other word is not used, so what it misses is not missed
        if operator == "+":
            return word if given else ""
        if operator == "?" and not given:
            self.missing.append(name)
        return value or "" if given else word

    def _plain(self, name: str, value: str | None) -> str:
        if value is None:
            self.missing.append(name)
        return value or ""
