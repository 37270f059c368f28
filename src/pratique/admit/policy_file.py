"""Read an admission policy from YAML; what is wrong is told with its line and the word near it."""

import difflib
from typing import TYPE_CHECKING, Any, NoReturn

from pratique.admit.policy import AdmissionPolicy, Mode, Need, parse_age
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from yaml import Node

_LIMIT = 1024 * 1024  # bytes
_LISTS = frozenset({"exempt_namespaces", "registries", "keys"})
_BOOLEANS = {"true": True, "false": False}


def parse(data: bytes, name: str = "admission policy") -> AdmissionPolicy:
    """Read a policy; `name` is the file's, for errors. Raises UsageError with the line that is wrong."""
    from yaml import MappingNode, ScalarNode

    root = _compose(data, name)
    if root is None:
        return AdmissionPolicy()
    if not isinstance(root, MappingNode):
        _refuse(name, root, "a policy is a mapping of settings to values")
    settings: dict[str, Any] = {}
    for key, value in root.value:
        word = key.value if isinstance(key, ScalarNode) else ""
        if word not in AdmissionPolicy.__struct_fields__:
            _refuse(name, key, f"there is no setting {word[:60]!r}", _near(word, AdmissionPolicy.__struct_fields__))
        if word in settings:
            _refuse(name, key, f"{word} is there twice")
        settings[word] = _value(name, word, value)
    return AdmissionPolicy(**settings)


def _compose(data: bytes, name: str) -> "Node | None":
    import yaml

    if len(data) > _LIMIT:
        raise UsageError(f"{name} has {len(data)} bytes", f"a policy has at most {_LIMIT}")
    try:
        return yaml.compose(data.decode(), yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{name}, line {line}: not YAML: {error.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not YAML: {str(error)[:200]}") from None


def _value(name: str, word: str, node: "Node") -> object:
    if word in _LISTS:
        return _strings(name, word, node)
    text = _scalar(name, node)
    if word == "pin":
        return _BOOLEANS[text] if text in _BOOLEANS else _refuse(name, node, f"pin is true or false, not {text[:60]!r}")
    if word == "verdict_max_age":
        return parse_age(text) or _refuse(name, node, f"{text[:60]!r} is not an age", "write it as 90m, 24h or 7d")
    choices = tuple(Mode) if word == "mode" else tuple(Need)
    if text not in choices:
        _refuse(name, node, f"{word} is one of {', '.join(choices)}, not {text[:60]!r}", _near(text, choices))
    return Mode(text) if word == "mode" else Need(text)


def _strings(name: str, word: str, node: "Node") -> tuple[str, ...]:
    from yaml import SequenceNode

    if not isinstance(node, SequenceNode):
        _refuse(name, node, f"{word} is a list")
    found = tuple(_scalar(name, each) for each in node.value)
    for text, each in zip(found, node.value, strict=True):
        if not text or text != text.strip().rstrip("/"):
            _refuse(name, each, f"{text[:60]!r} is not an entry for {word}", "no blanks around it and no / at its end")
    return found


def _scalar(name: str, node: "Node") -> str:
    from yaml import ScalarNode

    if not isinstance(node, ScalarNode):
        _refuse(name, node, "a single value is expected here")
    text: str = node.value
    return text


def _refuse(name: str, node: "Node", what: str, hint: str = "") -> NoReturn:
    raise UsageError(f"{name}, line {node.start_mark.line + 1}: {what}", hint)


def _near(word: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word[:60], known, 1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
