"""The fields of one mapping in a task file, read by name and type; what is wrong is noted, not raised.

Types are read as yaml.v2 decodes into Go's: any scalar is a text, `yes` and `on` are truth values.
"""

import re
from collections.abc import Sequence

from pratique.remediate.tasks.places import Place, Problem, nearest, shown
from pratique.remediate.tasks.tree import Listed, Mapped, Node, Scalar, kind

_TRUE = frozenset({"y", "yes", "on", "true"})
_FALSE = frozenset({"n", "no", "off", "false"})
_INTEGER = re.compile(r"[+-]?[0-9][0-9_]{0,18}")
_LARGEST = 2**31 - 1
Pairs = dict[str, str]


class Fields:
    """Reads a mapping's values. `problems` is shared by all that are read for one file."""

    def __init__(self, node: Node, what: str, known: Sequence[str], problems: list[Problem]) -> None:
        self.place, self.problems, self._what = node.place, problems, what
        self._values: dict[str, Node] = {}
        self._keys: dict[str, Place] = {}
        if not isinstance(node, Mapped):
            self.wrong(node.place, f"{what} is {kind(node)}", "it must be a mapping")
            return
        for key, value in node.entries:
            self._keys[key.text] = key.place
            self._values[key.text] = value
            if key.text not in known:
                hint = nearest(key.text, known) or "it is ignored, as ACR does"
                self.warn(key.place, f"unknown key {shown(key.text)} in {what}", hint)

    def wrong(self, place: Place, what: str, hint: str = "") -> None:
        """Note an error."""
        self.problems.append(Problem(place, what, hint))

    def warn(self, place: Place, what: str, hint: str = "") -> None:
        """Note a warning."""
        self.problems.append(Problem(place, what, hint, error=False))

    def node(self, key: str) -> Node | None:
        """The value where there is one; null counts as none."""
        value = self._values.get(key)
        return None if isinstance(value, Scalar) and value.is_null else value

    def given(self, key: str) -> bool:
        """Whether it has a value."""
        return self.node(key) is not None

    def at(self, key: str) -> Place:
        """Where the key stands, or the mapping."""
        return self._keys.get(key, self.place)

    def text(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.node(key)
        if value is None:
            return default
        if isinstance(value, Scalar):
            return value.text
        self.wrong(value.place, f"{key} is {kind(value)}", "it must be a text")
        return default

    def integer(self, key: str, default: int = 0) -> int:
        """A whole number, not negative."""
        value = self.node(key)
        if value is None:
            return default
        if isinstance(value, Scalar) and value.plain and _INTEGER.fullmatch(value.text):
            number = int(value.text)
            if 0 <= number <= _LARGEST:
                return number
            self.wrong(value.place, f"{key} is {value.text}", f"it must be from 0 to {_LARGEST}")
            return default
        self.wrong(value.place, f"{key} is {kind(value)}", "it must be a whole number")
        return default

    def truth(self, key: str) -> bool:
        """True or false."""
        value = self.node(key)
        if value is None:
            return False
        word = value.text.lower() if isinstance(value, Scalar) and value.plain else ""
        if word not in _TRUE | _FALSE:
            self.wrong(value.place, f"{key} is {kind(value)}", "it must be true or false")
        return word in _TRUE

    def items(self, key: str) -> tuple[Node, ...]:
        """A list's items."""
        value = self.node(key)
        if value is None:
            return ()
        if isinstance(value, Listed):
            return value.items
        self.wrong(value.place, f"{key} is {kind(value)}", "it must be a list")
        return ()

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        found = []
        for item in self.items(key):
            if isinstance(item, Scalar) and not item.is_null:
                found.append(item.text)
            else:
                self.wrong(item.place, f"{key} has {kind(item)} in it", "its items must be texts")
        return tuple(found)

    def integers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        found = []
        for item in self.items(key):
            if isinstance(item, Scalar) and item.plain and _INTEGER.fullmatch(item.text):
                found.append(int(item.text))
            else:
                self.wrong(item.place, f"{key} has {kind(item)} in it", "its items must be whole numbers")
        return tuple(found)

    def environment(self, key: str) -> Pairs:
        """A list of `name=value`. One item may hold several with commas between, as ACR splits them."""
        found: Pairs = {}
        for item in self.items(key):
            text = item.text if isinstance(item, Scalar) else ""
            pieces = text.split(",")
            for pair in pieces if all("=" in piece for piece in pieces) else [text]:
                name, equals, value = pair.partition("=")
                if equals and name:
                    found[name] = value
                else:
                    self.wrong(item.place, f"{key} has {kind(item)} in it", "write each as NAME=VALUE")
        return found
