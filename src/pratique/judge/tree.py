"""A parsed document with its places: what a policy's reader walks. Each value knows its file, line and column."""

from dataclasses import dataclass

from pratique.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file name, line and column, counted from 1."""

    name: str
    line: int
    column: int

    def error(self, what: str, hint: str = "") -> UsageError:
        """An error about what stands here."""
        return UsageError(f"{self}: {what}", hint)

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text; `plain` when it stands without quotes, so that it may be a number, a truth value or nothing."""

    place: Place
    text: str
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """A list."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """Keys with their values, in the document's order; no key stands twice."""

    place: Place
    entries: tuple[tuple[Scalar, "Node"], ...]


Node = Scalar | Listed | Mapped


def kind(node: Node) -> str:
    """What a value is, for people."""
    if isinstance(node, Listed):
        return "a list"
    if isinstance(node, Mapped):
        return "a mapping"
    return shown(node.text) if node.text else "nothing"


def shown(text: str) -> str:
    """A text from outside, quoted and short."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
