"""YAML text → a tree that knows its places. The one module of tasks that imports yaml.

Read as a stream of events, so that no document can make it build more than it should: size, depth and number of values
are bounded, and a value that an alias repeats counts each time (YAML 1.1, as yaml.v2 reads it; merge keys included).
"""

from collections.abc import Callable, Iterator

import yaml

from pratique.model.errors import UsageError
from pratique.remediate.tasks.places import Place, shown

SIZE = 1 << 20  # characters of a task file
_VALUES = 50_000
_DEPTH = 16
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Scalar:
    """One word or text; `plain` when it stands without quotes, so that it may be a number, a truth value or nothing."""

    __slots__ = ("place", "text", "plain", "size")

    def __init__(self, place: Place, text: str, plain: bool = True) -> None:
        self.place, self.text, self.plain = place, text, plain
        self.size: int = 1

    @property
    def is_null(self) -> bool:
        """Whether it says that there is no value."""
        return self.plain and self.text in _NULLS


class Listed:
    """A list; `size` counts all values in it."""

    __slots__ = ("place", "items", "size")

    def __init__(self, place: Place, items: "tuple[Node, ...]") -> None:
        self.place, self.items = place, items
        self.size: int = 1 + sum(item.size for item in items)


class Mapped:
    """Keys with their values, in the document's order; no key stands twice."""

    __slots__ = ("place", "entries", "size")

    def __init__(self, place: Place, entries: "tuple[tuple[Scalar, Node], ...]") -> None:
        self.place, self.entries = place, entries
        self.size: int = 1 + sum(1 + value.size for _, value in entries)


Node = Scalar | Listed | Mapped


def load(text: str, name: str, line_of: Callable[[int], int] = lambda line: line) -> Node:
    """Read one YAML document; `line_of` says which line of the file a line of `text` was. Raises UsageError."""
    if len(text) > SIZE:
        raise UsageError(f"{name}: {len(text):,} characters is too long for a task file", f"at most {SIZE:,}")
    reader = _Reader(name, line_of)
    try:
        return reader.read(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, line_of(mark.line + 1), mark.column + 1) if mark else Place(name, 1, 1)
        near = _near(text, mark.line) if mark else ""
        raise place.error(f"not YAML: {error.problem or error.context}{near}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise UsageError(f"{name}: not YAML: {str(error).splitlines()[0][:120]}", "a task is UTF-8 text") from None


def plain(node: Node) -> object:
    """The tree as dicts, lists and words, numbers as numbers: what templates see of a values file."""
    if isinstance(node, Mapped):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Listed):
        return [plain(item) for item in node.items]
    return _value(node)


def kind(node: Node) -> str:
    """What a value is, for people."""
    if isinstance(node, Listed):
        return "a list"
    if isinstance(node, Mapped):
        return "a mapping"
    return shown(node.text) if node.text else "nothing"


def _value(node: Scalar) -> object:
    if not node.plain:
        return node.text
    if node.is_null:
        return None
    lower = node.text.lower()
    if lower in ("true", "false"):
        return lower == "true"
    digits = node.text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 19 and (digits == "0" or digits[0] != "0"):
        return int(node.text)
    return node.text


def _near(text: str, line: int) -> str:
    lines = text.splitlines()
    word = lines[line].strip() if line < len(lines) else ""
    return f" near {shown(word)}" if word else ""


class _Reader:
    def __init__(self, name: str, line_of: Callable[[int], int]) -> None:
        self._name, self._line_of = name, line_of
        self._values = 0
        self._anchors: dict[str, Node] = {}

    def read(self, events: Iterator[yaml.Event]) -> Node:
        document: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if document is not None:
                    raise self._place(event).error("a second document", "a task is one YAML document")
                document = self._node(next(events), events, 0)
        if document is None:
            raise Place(self._name, 1, 1).error("the file is empty", "a task has steps:")
        return document

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._place(event)
        self._count(place, 1, depth)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), place)
        if isinstance(event, yaml.SequenceStartEvent):
            node: Node = Listed(place, tuple(self._items(events, depth + 1)))
        elif isinstance(event, yaml.MappingStartEvent):
            node = Mapped(place, tuple(self._entries(events, depth + 1)))
        elif isinstance(event, yaml.ScalarEvent):
            node = Scalar(place, event.value, plain=not event.style)
        else:
            raise place.error("not YAML that a task can hold")
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, place: Place) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise place.error(f"nothing is called {shown('&' + anchor)} before this", "an alias repeats a whole value")
        self._count(place, node.size, 0)
        return node

    def _count(self, place: Place, values: int, depth: int) -> None:
        self._values += values
        if self._values > _VALUES or depth > _DEPTH:
            raise place.error("too large for a task", f"at most {_VALUES:,} values, nested at most {_DEPTH} deep")

    def _items(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events, depth)

    def _entries(self, events: Iterator[yaml.Event], depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Place] = {}
        merged: list[tuple[Scalar, Node]] = []
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth)
            if not isinstance(key, Scalar):
                raise key.place.error(f"{kind(key)} cannot be a key", "keys are words")
            value = self._node(next(events), events, depth)
            if key.text == "<<" and key.plain:
                merged += _merged(value)
                continue
            if key.text in seen:
                raise key.place.error(
                    f"the key {shown(key.text)} stands here twice", f"it is on line {seen[key.text].line} already"
                )
            seen[key.text] = key.place
            yield key, value
        for key, value in merged:  # what the mapping says itself wins, then what is merged first
            if key.text not in seen:
                seen[key.text] = key.place
                yield key, value

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self._name, self._line_of(mark.line + 1), mark.column + 1) if mark else Place(self._name, 1, 1)


def _merged(value: Node) -> list[tuple[Scalar, Node]]:
    sources = value.items if isinstance(value, Listed) else (value,)
    entries: list[tuple[Scalar, Node]] = []
    for source in sources:
        if not isinstance(source, Mapped):
            raise source.place.error(f"<< merges mappings, and this is {kind(source)}")
        entries += source.entries
    return entries
