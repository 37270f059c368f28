"""Go templates with the sprig functions, as acb renders task files: missing keys are empty, output is bounded.

The environment and the network of this process are not reachable from a template: `env` finds nothing, and
`getHostByName` isn't there.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

from pratique.model.errors import PratiqueError
from pratique.remediate.tasks.places import Place

_LARGEST = 1_000_000  # characters of output, and of what one function makes
_LOOPS = 100_000
_CALLS = 100_000
_DEPTH = 50
_COUNTED = (
    "repeat",
    "indent",
    "nindent",
    "until",
    "untilStep",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randNumeric",
)


def render(text: str, data: Mapping[str, object], name: str, now: datetime) -> str:
    """Fill a template in. Raises UsageError with file, line and column."""
    functions = _functions(now)
    import gotpl
    from gotpl.runtime.policy import ExecutionBudget

    budget = ExecutionBudget(_LARGEST, _LOOPS, _DEPTH, _CALLS)
    try:
        out = gotpl.render(text, data, name=name, functions=functions, missing_key="zero", budget=budget)
    except gotpl.TemplateError as error:
        line, column = getattr(error, "line", None), getattr(error, "column", None)
        raise Place(name, line or 1, column or 1).error(f"in the template: {_message(error)}") from None
    except (RecursionError, MemoryError, OverflowError) as error:
        raise Place(name, 1, 1).error(f"in the template: too large ({type(error).__name__})") from None
    return str(out).replace("<no value>", "")


def _functions(now: datetime) -> dict[str, Callable[..., object]]:
    try:
        from gotpl.funcs.sprig import text_func_map
    except ImportError:
        raise PratiqueError("task files need the gotpl library", "install pratique with its extra: tasks") from None
    functions: dict[str, Callable[..., object]] = text_func_map(clock=lambda: now, environ={})
    del functions["getHostByName"]
    functions["b64enc"] = _b64enc
    for name in _COUNTED:
        functions[name] = _bounded(name, functions[name])
    return functions


def _b64enc(value: object = None) -> str:
    """As acb has it: nothing is an empty text."""
    return (
        "" if value is None or type(value).__name__ == "_UntypedNil" else base64.b64encode(str(value).encode()).decode()
    )


def _bounded(name: str, function: Callable[..., object]) -> Callable[..., object]:
    def checked(*arguments: object) -> object:
        size = 1
        for argument in arguments:
            if isinstance(argument, int):
                size *= max(1, abs(argument))
            elif isinstance(argument, str):
                size *= max(1, len(argument))
        if size > _LARGEST:
            raise ValueError(f"{name} would make more than {_LARGEST} characters")
        return function(*arguments)

    return checked


def _message(error: Exception) -> str:
    text = str(getattr(error, "message", "") or error)
    return text.partition(": ")[2][:300] if text.startswith("template:") else text[:300]
