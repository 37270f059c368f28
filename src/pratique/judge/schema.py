"""The JSON Schema of policies, made from the rules' own fields, so that editors complete what the reader takes."""

from datetime import timedelta
from typing import Annotated, Any, get_args, get_origin

from pratique.judge.rules.settings import Texts, settings
from pratique.judge.rules.table import RULES
from pratique.model.advisory import Severity

ID = "urn:pratique:schema:policy-1"
_TEXT = {"type": "string", "minLength": 1, "maxLength": 2000}
_DURATION = {"type": "string", "pattern": "^[1-9][0-9]{0,4}[hdw]$", "description": "hours, days or weeks: 12h, 30d, 2w"}
_DAY = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a policy document, version 1."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "Pratique policy",
        **_closed(
            {
                "version": {"enum": [1, "1"]},
                "name": _TEXT,
                "rules": {"type": "array", "minItems": 1, "items": {"oneOf": [_rule(name) for name in RULES]}},
                "ignore": {"type": ["array", "null"], "items": _ignore()},
            },
            ["version", "rules"],
        ),
    }


def _rule(name: str) -> dict[str, Any]:
    kinds = settings(RULES[name])
    inner = _closed({key: _kind(kind) for key, kind, _ in kinds}, [key for key, _, required in kinds if required])
    if not inner["required"]:
        inner["type"] = ["object", "null"]
    about = (RULES[name].__doc__ or "").strip().replace("`", "")
    action = {"enum": ["deny", "warn"], "description": "what a reason of this rule does"}
    return _closed({name: inner | {"description": about}, "action": action}, [name, "action"])


def _ignore() -> dict[str, Any]:
    texts = dict.fromkeys(("vulnerability", "package", "reason", "owner"), _TEXT)
    return _closed({**texts, "expires": _DAY}, ["vulnerability", "reason", "owner", "expires"])


def _closed(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _kind(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is Annotated:
        limits = get_args(kind)[1]
        return {"type": "number", "minimum": limits.ge, "maximum": limits.le}
    if kind is Severity:
        return {"enum": [severity.word for severity in Severity]}
    if kind is timedelta:
        return _DURATION
    if kind is bool:
        return {"type": "boolean"}
    if kind == Texts:
        return {"oneOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
    if get_origin(kind) is not None:
        return {"enum": [*get_args(kind)]}
    return _TEXT
