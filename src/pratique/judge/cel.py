"""CEL expressions: the typed names that they may use, compiled once, evaluated within bounds. Imports the library late.

Names are declared one by one (`finding.severity`, not a mapping), so that a mistyped one is found when the policy is
read. The library bounds an evaluation (10,000 steps of comprehensions, nesting, RE2 patterns); here the inputs are
bounded too, for `filter` and `map` copy what they have at each step.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pratique.judge.rules.case import Case
from pratique.judge.tree import Place
from pratique.model.errors import UsageError
from pratique.model.finding import Finding
from pratique.model.inventory import Package

LISTED = 5_000  # findings or packages that an expression of the whole image may look at

# Name → type in CEL; `package` is a word that CEL keeps for itself. docs/policy.md lists the same (a test sees to it).
IMAGE: Mapping[str, str] = {
    "image.reference": "string",
    "image.digest": "string",
    "image.user": "string",
    "image.created": "string",
    "image.base": "string",
    "image.labels": "map(string, string)",
    "image.signed_by": "list(string)",
    "image.attested": "list(string)",
    "distro.id": "string",
    "distro.version": "string",
    "distro.end_of_life": "string",
    "now": "timestamp",
    "findings": "list(map(string, dyn))",
    "packages": "list(map(string, dyn))",
}
FINDING: Mapping[str, str] = {
    "finding.id": "string",
    "finding.aliases": "list(string)",
    "finding.severity": "string",
    "finding.rank": "int",
    "finding.score": "double",
    "finding.epss": "double",
    "finding.kev": "bool",
    "finding.state": "string",
    "finding.fix_versions": "list(string)",
    "finding.in_base": "bool",
    "finding.published": "string",
    "finding.summary": "string",
}
PACKAGE: Mapping[str, str] = {
    "pkg.type": "string",
    "pkg.name": "string",
    "pkg.version": "string",
    "pkg.purl": "string",
    "pkg.source": "string",
    "pkg.licenses": "list(string)",
    "pkg.paths": "list(string)",
}
_FEW = {name: kind for name, kind in IMAGE.items() if name not in {"findings", "packages"}}
NAMES: Mapping[str, Mapping[str, str]] = {
    "image": IMAGE,
    "finding": {**_FEW, **FINDING, **PACKAGE},
    "package": {**_FEW, **PACKAGE},
}
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")


def program(expression: str, each: str, place: Place | None = None) -> Any:
    """The compiled expression. Raises UsageError at `place` for one that doesn't compile to true or false."""
    where = place or Place("policy", 1, 1)
    try:
        from cel_expr_python import cel  # type: ignore[import-untyped]
    except ImportError as error:
        raise where.error("expressions need the CEL library", "install pratique[cel]") from error
    try:
        made = _environment(each).compile(expression)
    except (RuntimeError, ValueError) as error:
        found = _PLACE.search(str(error))
        what = f"{found[3][:200]} (line {found[1]}, column {found[2]} of it)" if found else _line(error)
        raise where.error(f"the expression does not compile: {what}") from error
    if made.return_type() != cel.Type.BOOL:
        raise where.error(f"the expression gives {str(made.return_type()).lower()}, not true or false")
    return made


def evaluate(expression: str, each: str, inputs: Mapping[str, Any] | None) -> bool | str:
    """True, false, or why it could not be told."""
    if inputs is None:
        return f"more than {LISTED} findings or packages"
    try:
        value = _cached(expression, each).eval(data=inputs).value()
    except (RuntimeError, ValueError, TypeError) as error:
        return _line(error)
    return value if isinstance(value, bool) else _line(value)


def inputs(case: Case, each: str, expression: str) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """What the expression sees: once for the image, or for each finding or package by its number.

    None stands for more than it may look at. Lists that it doesn't name are left empty, for they cost time.
    """
    common = _image(case)
    if each == "finding":
        for number, finding in enumerate(case.findings):
            yield number, {**common, **_finding(finding), **_package(finding.package)}
    elif each == "package":
        for number, package in enumerate(case.inventory.packages):
            yield number, {**common, **_package(package)}
    else:
        findings = case.findings if "findings" in expression else ()
        packages = case.inventory.packages if "packages" in expression else ()
        if max(len(findings), len(packages)) > LISTED:
            yield 0, None
            return
        lists = {
            "findings": [_keys(_finding(one)) | {"package": one.package.name} for one in findings],
            "packages": [_keys(_package(one)) for one in packages],
        }
        yield 0, {**common, **lists}


@functools.cache
def _environment(each: str) -> Any:
    from cel_expr_python import cel

    kind = cel.Type
    types = {
        "string": kind.STRING,
        "int": kind.INT,
        "double": kind.DOUBLE,
        "bool": kind.BOOL,
        "timestamp": kind.TIMESTAMP,
        "list(string)": kind.List(kind.STRING),
        "map(string, string)": kind.Map(kind.STRING, kind.STRING),
        "list(map(string, dyn))": kind.List(kind.Map(kind.STRING, kind.DYN)),
    }
    return cel.NewEnv(variables={name: types[named] for name, named in NAMES[each].items()})


@functools.lru_cache(maxsize=512)
def _cached(expression: str, each: str) -> Any:
    try:
        return program(expression, each)
    except UsageError as error:
        raise ValueError(str(error)) from error


def _image(case: Case) -> dict[str, Any]:
    facts, distro = case.facts, case.inventory.distro
    return {
        "image.reference": facts.reference,
        "image.digest": case.inventory.image or "",
        "image.user": facts.user or "",
        "image.created": facts.created,
        "image.base": facts.base or "",
        "image.labels": dict(facts.labels),
        "image.signed_by": [*(facts.signed_by or ())],
        "image.attested": [*(facts.attested or ())],
        "distro.id": distro.id if distro else "",
        "distro.version": distro.version_id if distro else "",
        "distro.end_of_life": distro.end_of_life if distro else "",
        "now": case.now,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "finding.id": finding.id,
        "finding.aliases": [*finding.aliases],
        "finding.severity": finding.severity.word,
        "finding.rank": int(finding.severity),
        "finding.score": float(finding.score or 0),
        "finding.epss": float(finding.epss or 0),
        "finding.kev": finding.kev,
        "finding.state": finding.state.value,
        "finding.fix_versions": [*finding.fix_versions],
        "finding.in_base": bool(finding.in_base),
        "finding.published": finding.published,
        "finding.summary": finding.summary,
    }


def _package(package: Package) -> dict[str, Any]:
    return {
        "pkg.type": package.type.value,
        "pkg.name": package.name,
        "pkg.version": package.version,
        "pkg.purl": package.purl,
        "pkg.source": package.source.name if package.source else package.name,
        "pkg.licenses": [*package.licenses],
        "pkg.paths": [location.path for location in package.locations],
    }


def _keys(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name.partition(".")[2]: value for name, value in named.items()}


def _line(error: object) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "no answer"
