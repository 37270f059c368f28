"""YAML bytes → a tree that knows its places. The one module that imports yaml.

Read as a stream of events, so that no document can make it build more than it should: size, depth and number of
values are bounded, and what a policy never needs (aliases, tags, several documents) is refused by name.
"""

from collections.abc import Iterator

import yaml

from pratique.judge.tree import Listed, Mapped, Node, Place, Scalar, kind, shown
from pratique.model.errors import UsageError

_SIZE = 1 << 20  # bytes
_VALUES = 50_000
_DEPTH = 16

_NO_TAGS = "write the value plainly: policies need no !tags"
_NO_ALIASES = "write the value out where it is needed: policies have no &anchors and *aliases"


def load(data: bytes, name: str) -> Node:
    """Read one YAML document. Raises UsageError that names file, line and column."""
    if len(data) > _SIZE:
        raise UsageError(f"{name}: {len(data):,} bytes is too long for a policy", f"at most {_SIZE:,}")
    try:
        return _Reader(name).read(yaml.parse(data, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        raise place.error(f"not YAML: {error.problem or error.context}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise UsageError(f"{name}: not YAML: {str(error).splitlines()[0][:120]}", "a policy is UTF-8 text") from error


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name
        self._values = 0

    def read(self, events: Iterator[yaml.Event]) -> Node:
        document: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if document is not None:
                    raise self._place(event).error("a second document", "a policy is one YAML document")
                document = self._node(next(events), events, 0)
        if document is None:
            raise Place(self._name, 1, 1).error("the policy is empty", "begin it with: version: 1")
        return document

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._place(event)
        self._values += 1
        if self._values > _VALUES or depth > _DEPTH:
            raise place.error("too large for a policy", f"at most {_VALUES:,} values, nested at most {_DEPTH} deep")
        _refuse_cleverness(event, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listed(place, tuple(self._items(events, depth + 1)))
        if isinstance(event, yaml.MappingStartEvent):
            return Mapped(place, tuple(self._entries(events, depth + 1)))
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(place, event.value, plain=not event.style)
        raise place.error("not YAML that a policy can hold")

    def _items(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self._node(event, events, depth)

    def _entries(self, events: Iterator[yaml.Event], depth: int) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Place] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            key = self._node(event, events, depth)
            if not isinstance(key, Scalar):
                raise key.place.error(f"{kind(key)} cannot be a key", "keys are words")
            if key.text in seen:
                first = seen[key.text].line
                raise key.place.error(f"the key {shown(key.text)} stands here twice", f"it is on line {first} already")
            seen[key.text] = key.place
            yield key, self._node(next(events), events, depth)

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self._name, mark.line + 1, mark.column + 1) if mark else Place(self._name, 1, 1)


def _refuse_cleverness(event: yaml.Event, place: Place) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise place.error(f"the alias {shown('*' + str(event.anchor))} is not allowed", _NO_ALIASES)
    if isinstance(event, yaml.NodeEvent) and event.anchor:
        raise place.error(f"the anchor {shown('&' + event.anchor)} is not allowed", _NO_ALIASES)
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in {None, "!"}:
        raise place.error(f"the tag {shown(str(event.tag))} is not allowed", _NO_TAGS)
