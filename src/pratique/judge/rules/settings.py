"""A rule's settings: read by the types of its fields, so that a rule says once what it takes.

The same types make the published schema (`judge/schema.py`).
"""

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin

import msgspec

from pratique.judge.fields import Fields
from pratique.model.advisory import Severity
from pratique.model.verdict import Outcome

Texts = tuple[str, ...]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What every rule is made of: its action, and below it the fields that the policy may set."""

    id: ClassVar[str] = ""

    action: Outcome

    @classmethod
    def read(cls, fields: Fields, action: Outcome) -> Self:
        """Read the rule's settings. Raises UsageError."""
        given = {}
        for name, kind, required in settings(cls):
            if required or fields.has(name):
                given[name] = _read(fields, name, kind)
            else:
                fields.take(name)
        made = cls(action, **given)
        made.check(fields)
        return made

    def check(self, fields: Fields) -> None:
        """What one field's type can't say. Raises UsageError at the place of what is wrong."""


def settings(rule: type[msgspec.Struct]) -> list[tuple[str, Any, bool]]:
    """A rule's fields besides its action: name, type (None left out of it), and whether it must be given."""
    return [(one.name, _bare(one.type), one.required) for one in msgspec.structs.fields(rule) if one.name != "action"]


def _bare(kind: Any) -> Any:
    some = [each for each in get_args(kind) if each is not type(None)]
    return some[0] if type(None) in get_args(kind) and len(some) == 1 else kind


def _read(fields: Fields, name: str, kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        kind, limits = get_args(kind)[0], get_args(kind)[1]
        number = fields.number(name, limits.ge, limits.le)
        return int(number) if kind is int and number.is_integer() else number
    if kind is Severity:
        return fields.severity(name)
    if kind is timedelta:
        return fields.duration(name)
    if kind is bool:
        return fields.flag(name, default=False)
    if kind == Texts:
        return fields.texts(name)
    if get_origin(kind) is not None:  # Literal
        return fields.choice(name, get_args(kind))
    return fields.text(name)
