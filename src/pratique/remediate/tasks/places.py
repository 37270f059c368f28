"""Where something stands in a task file, and what is wrong there."""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec

from pratique.model.errors import UsageError


class PlacedError(UsageError):
    """An error about something at a place in a task file."""

    def __init__(self, place: "Place", problem: str, hint: str = "") -> None:
        super().__init__(f"{place}: {problem}", hint)
        self.place, self.problem = place, problem


class Place(msgspec.Struct, frozen=True, order=True):
    """A file's name, and line and column counted from 1."""

    name: str
    line: int
    column: int

    def error(self, what: str, hint: str = "") -> PlacedError:
        """An error about what stands here."""
        return PlacedError(self, what, hint)

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}"


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong (`error`: the task cannot run) or probably not meant (a warning), and what to do."""

    place: Place
    what: str
    hint: str = ""
    error: bool = True

    def raised(self) -> PlacedError:
        """The same as an error to raise."""
        return self.place.error(self.what, self.hint)

    def __str__(self) -> str:
        word = "error" if self.error else "warning"
        return f"{self.place}: {word}: {self.what}" + (f" ({self.hint})" if self.hint else "")


def shown(text: str) -> str:
    """A text from outside, quoted and short."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def nearest(word: str, known: Sequence[str]) -> str:
    """`did you mean X?`, or nothing when no known word is near."""
    lower = {each.lower(): each for each in known}
    found = get_close_matches(word.lower()[:60], list(lower), 1)
    return f"did you mean {lower[found[0]]}?" if found else ""
