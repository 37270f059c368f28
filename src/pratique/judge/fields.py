"""Typed reading of a mapping: each value is asked for by name and kind, and what nobody asked for is an error."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from pratique.judge.tree import Listed, Mapped, Node, Place, Scalar, kind, shown
from pratique.model.advisory import Severity
from pratique.model.errors import UsageError

_DURATION = re.compile(r"([1-9][0-9]{0,4})([hdw])")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_WORDS = {severity.word: severity for severity in Severity}
_WORD_LIMIT = 100  # characters of a word that may be a mistyped one
_TEXT_LIMIT = 2000  # characters


class Fields:
    """The fields of one mapping. Every method raises UsageError with the place; `close` complains of unknown keys."""

    def __init__(self, node: Node, of: str) -> None:
        if _is_nothing(node):
            node = Mapped(node.place, ())
        if not isinstance(node, Mapped):
            raise node.place.error(f"{of} must be a mapping of keys to values, not {kind(node)}")
        self.place = node.place
        self._of = of
        self._left = {key.text: (key, value) for key, value in node.entries}
        self._asked: list[str] = []
        self._places: dict[str, Place] = {}

    def take(self, key: str) -> Node | None:
        """The value of a key, or None where it isn't given."""
        self._asked.append(key)
        pair = self._left.pop(key, None)
        if pair:
            self._places[key] = pair[1].place
        return pair[1] if pair else None

    def has(self, key: str) -> bool:
        """Whether a key is given and not taken yet."""
        return key in self._left

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; without a default it must be there."""
        node = self.take(key)
        if node is None:
            return self._default(key, default)
        if not isinstance(node, Scalar):
            raise node.place.error(f"{key} must be text, not {kind(node)}")
        if _is_nothing(node) or not node.text.strip():
            raise node.place.error(f"{key} must not be empty")
        if len(node.text) > _TEXT_LIMIT:
            raise node.place.error(f"{key} is longer than {_TEXT_LIMIT} characters")
        return node.text.strip()

    def choice(self, key: str, words: Iterable[str], default: str | None = None) -> str:
        """One of some words."""
        node = self.take(key)
        if node is None:
            return self._default(key, default)
        text = node.text if isinstance(node, Scalar) else None
        words = tuple(words)
        if text is None or text not in words:
            raise node.place.error(f"{key} cannot be {kind(node)}", near(text or "", words))
        return text

    def severity(self, key: str, default: Severity | None = None) -> Severity:
        """A severity by its word."""
        return _WORDS[self.choice(key, _WORDS, None if default is None else default.word)]

    def flag(self, key: str, *, default: bool) -> bool:
        """`true` or `false`, without quotes."""
        node = self.take(key)
        if node is None:
            return default
        if not isinstance(node, Scalar) or not node.plain or node.text not in {"true", "false"}:
            raise node.place.error(f"{key} must be true or false, not {kind(node)}")
        return node.text == "true"

    def duration(self, key: str) -> timedelta:
        """A number of hours, days or weeks: `12h`, `30d`, `2w`."""
        place = self._value_place(key)
        text = self.text(key)
        found = _DURATION.fullmatch(text)
        if not found:
            raise place.error(f"{key} is not a duration: {shown(text)}", "write it as 12h, 30d or 2w")
        return int(found[1]) * _UNITS[found[2]]

    def day(self, key: str) -> date:
        """A date: `2026-12-31`."""
        place = self._value_place(key)
        text = self.text(key)
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
                return date.fromisoformat(text)
        except ValueError:  # the 30th of February
            pass
        raise place.error(f"{key} is not a date: {shown(text)}", "write it as year-month-day, such as 2026-12-31")

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts, or a single one."""
        node = self._left[key][1] if key in self._left else None
        if not isinstance(node, Listed):
            text = self.text(key, "" if default is not None else None)
            return (text,) if text else default or ()
        self.take(key)
        if not node.items:
            raise node.place.error(f"{key} must not be empty")
        for item in node.items:
            if not isinstance(item, Scalar) or not item.text.strip() or len(item.text) > _TEXT_LIMIT:
                raise item.place.error(f"each of {key} must be a text, not {kind(item)}")
        return tuple(item.text.strip() for item in node.items if isinstance(item, Scalar))

    def number(self, key: str, least: float, most: float) -> float:
        """A number between two others."""
        place = self._value_place(key)
        text = self.text(key)
        if not _NUMBER.fullmatch(text) or not least <= float(text) <= most:
            raise place.error(f"{key} must be a number from {least:g} to {most:g}, not {shown(text)}")
        return float(text)

    def place_of(self, key: str) -> Place:
        """Where a key's value stands; where the mapping begins when it isn't given."""
        return self._value_place(key)

    def items(self, key: str) -> tuple[Node, ...]:
        """The items of a list; none where the key isn't given."""
        node = self.take(key)
        if node is None or _is_nothing(node):
            return ()
        if not isinstance(node, Listed):
            raise node.place.error(f"{key} must be a list, not {kind(node)}", "begin each of its items with '- '")
        return node.items

    def one_of(self, keys: Iterable[str]) -> tuple[str, Node]:
        """The single key of several that is given, with its value: here a rule's id."""
        keys = tuple(keys)
        given = [key for key in keys if key in self._left]
        if len(given) > 1:
            second = self._left[given[1]][0]
            raise second.place.error(f"{self._of} is both {given[0]} and {given[1]}", "write two, each with its action")
        if not given:
            self._asked += keys
            self.close()
            raise self.place.error(f"{self._of} has no id", f"one of: {', '.join(keys)}")
        return given[0], self._left.pop(given[0])[1]

    def close(self) -> None:
        """Complain of the first key that nobody asked for, with the word that was likely meant."""
        for key, _ in self._left.values():
            raise key.place.error(f"{self._of} has no key {shown(key.text)}", near(key.text, self._asked))

    def _default(self, key: str, default: str | None) -> str:
        if default is None:
            raise self._missing(key)
        return default

    def _missing(self, key: str) -> UsageError:
        likely = _nearest(key, self._left)
        if likely:
            typo = self._left[likely][0]
            return typo.place.error(f"{self._of} has no key {shown(typo.text)}", f"did you mean {key!r}?")
        return self.place.error(f"{self._of} lacks the key {key!r}")

    def _value_place(self, key: str) -> Place:
        return self._left[key][1].place if key in self._left else self._places.get(key, self.place)


def near(word: str, words: Iterable[str]) -> str:
    """A hint for a word that isn't one of `words`: the nearest of them, else all."""
    words = tuple(dict.fromkeys(words))
    likely = _nearest(word.lower()[:_WORD_LIMIT], words)
    return f"did you mean {likely!r}?" if likely else f"one of: {', '.join(words)}"


def _nearest(word: str, words: Iterable[str]) -> str:
    import difflib  # only for mistakes

    return next(iter(difflib.get_close_matches(word, [each for each in words if len(each) <= _WORD_LIMIT], 1)), "")


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.text in {"", "~", "null"}
