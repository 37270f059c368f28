"""The judge decides and does nothing else: what its files import says so."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine import PROJECT

ROOM = PROJECT / "src" / "pratique" / "judge"
FILES = sorted(ROOM.rglob("*.py"))
PURE = {"collections", "dataclasses", "datetime", "difflib", "fnmatch", "functools", "msgspec", "pratique", "re"}
PURE |= {"typing"}
LIBRARIES = {"policy_yaml.py": {"yaml"}, "cel.py": {"cel_expr_python"}}
BELOW = {"judge", "model", "versions"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "pratique":
            yield from (f"pratique.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOM)))
def test_a_file_imports_nothing_that_acts(file: Path) -> None:
    allowed = PURE | LIBRARIES.get(file.name, set())
    names = list(imported(ast.parse(file.read_text("utf-8"))))
    assert {name.partition(".")[0] for name in names} <= allowed
    assert {name.split(".")[1] for name in names if name.startswith("pratique.")} <= BELOW


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOM)))
def test_a_file_reads_no_clock_and_opens_no_file(file: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    assert not [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS]
    assert not [call.id for call in calls if isinstance(call, ast.Name) and call.id in {"open", "print", "input"}]
