"""Aliases: `$Name` in a task file of v1.1.0 (acb's util.PreProcess*): character by character, unknown names left alone.

Precedence: the file's own values, later `src` files, earlier ones, built in. `$$` is a `$`.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from pratique.remediate.tasks.places import Problem, shown
from pratique.remediate.tasks.tree import Mapped, Node, Scalar

BUILT_IN: Mapping[str, str] = {
    name: "{{.Run." + name + "}}"
    for name in ("ID", "SharedVolume", "Registry", "RegistryName", "Date", "OS", "Architecture", "Commit", "Branch")
}
# Names of images that need no `$` as the first word of a cmd. ACR pins tags of its own, which move: set your own.
IMAGES: Mapping[str, str] = {
    "acr": "mcr.microsoft.com/acr/acr-cli:latest",
    "az": "mcr.microsoft.com/azure-cli:latest",
    "bash": "mcr.microsoft.com/acr/bash:latest",
    "curl": "mcr.microsoft.com/acr/curl:latest",
    "cssc": "mcr.microsoft.com/acr/cssc:latest",
}
_NAME = re.compile(r"[A-Za-z0-9]+")
_TOP_KEY = re.compile(r"[^\s#-][^:]*:(\s|$)")


class Split(msgspec.Struct, frozen=True):
    """The lines of a file: those of its alias block and the others. Line numbers are kept by empty lines."""

    block: str
    rest: str


class Aliases(msgspec.Struct, frozen=True):
    """What an alias block says: its own values, the files or addresses with more, and the directive."""

    values: Mapping[str, str] = {}
    sources: tuple[str, ...] = ()
    directive: str = "$"


def split(text: str) -> Split:
    """Take the alias block out: from the line `alias:` to the next key at the left margin."""
    block: list[str] = []
    rest: list[str] = []
    inside = False
    for line in text.split("\n"):
        if re.match(r"alias\s*:", line):
            inside = True
        elif inside and _TOP_KEY.match(line):
            inside = False
        block.append(line if inside else "")
        rest.append("" if inside else line)
    return Split("\n".join(block) if any(block) else "", "\n".join(rest))


def read(node: Node, problems: list[Problem]) -> Aliases:
    """An alias block's tree."""
    body = _entry(node, "alias")
    if body is None or (isinstance(body, Scalar) and body.is_null):
        return Aliases()
    directive = _entry(body, "directive")
    word = directive.text if isinstance(directive, Scalar) else "$"
    if len(word) != 1 or word.isalnum() or word.isspace():
        problems.append(Problem(body.place, f"the directive {shown(word)}", "one character, no letter and no digit"))
        word = "$"
    sources = _entry(body, "src")
    return Aliases(dict(_values(body, problems)), tuple(_texts(sources, problems)), word)


def read_source(node: Node, problems: list[Problem]) -> dict[str, str]:
    """The values in a file that `src` names: names with their meanings, nothing else."""
    return dict(_pairs(node, problems))


def substitute(text: str, values: Mapping[str, str], directive: str = "$") -> str:
    """Replace `$Name` where the name is known and `$$` by `$`; leave the rest."""
    out: list[str] = []
    at = 0
    while True:
        found = text.find(directive, at)
        if found < 0:
            return "".join((*out, text[at:]))
        out.append(text[at:found])
        name = _NAME.match(text, found + 1)
        if text.startswith(directive, found + 1):
            out.append(directive)
            at = found + 2
        elif name and name[0] in values:
            out.append(values[name[0]])
            at = name.end()
        else:
            out.append(directive)
            at = found + 1


def expand_command(command: str, values: Mapping[str, str]) -> str:
    """Replace the first word of a cmd where it is an alias's name."""
    word = _NAME.match(command)
    ends = word is not None and (word.end() == len(command) or command[word.end()].isspace())
    return values.get(word[0], word[0]) + command[word.end() :] if word and ends else command


def _entry(node: Node, key: str) -> Node | None:
    if not isinstance(node, Mapped):
        return None
    return next((value for name, value in node.entries if name.text == key), None)


def _values(body: Node, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    if not isinstance(body, Mapped):
        problems.append(Problem(body.place, "alias is no mapping", "it has values:, src: and directive:"))
        return
    for key, _ in body.entries:
        if key.text not in ("values", "src", "directive"):
            problems.append(Problem(key.place, f"unknown key {shown(key.text)} in alias", "it is ignored", error=False))
    values = _entry(body, "values")
    if values is not None and not (isinstance(values, Scalar) and values.is_null):
        yield from _pairs(values, problems)


def _pairs(node: Node, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    if not isinstance(node, Mapped):
        problems.append(Problem(node.place, "aliases are no mapping", "write them as NAME: MEANING"))
        return
    for key, value in node.entries:
        if not _NAME.fullmatch(key.text):
            problems.append(Problem(key.place, f"the alias {shown(key.text)}", "letters and digits only"))
        elif not isinstance(value, Scalar):
            problems.append(Problem(value.place, f"the alias {shown(key.text)} is no text"))
        else:
            yield key.text, value.text


def _texts(node: Node | None, problems: list[Problem]) -> Iterator[str]:
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return
    items = getattr(node, "items", None)
    if items is None:
        problems.append(Problem(node.place, "src is no list", "it lists files or addresses"))
        return
    for item in items:
        if isinstance(item, Scalar):
            yield item.text
