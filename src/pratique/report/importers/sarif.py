"""SARIF 2.1.0 of container scanners: rules are vulnerabilities, results are packages that have them.

SARIF has no field for a package. It is looked for where known tools write it: a logical location or property that is a
purl (Pratique), or the message of Trivy (`Package: x`, `Installed Version: y`, `Fixed Version: z`).
"""

import re
from typing import Any

import msgspec

from pratique.model.inventory import PackageType, Skipped
from pratique.report.decoding import decode
from pratique.report.importers.imported import Gathering, Imported, Said, number, package, refuse, split_fixes

_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "negligible"}
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
_FIELD = re.compile(r"^(Package|Installed Version|Fixed Version|Vulnerability|Severity): *(.*)$", re.MULTILINE)
_ID = re.compile(r"(CVE-\d+-\d+|GHSA(?:-[0-9a-z]{4}){3}|[A-Z]+-\d{4}[-:]\d+)(?:-(.+))?")


class _Text(msgspec.Struct):
    text: str = ""


class _Rule(msgspec.Struct, rename="camel"):
    id: str = ""
    short_description: _Text | None = None
    help_uri: str | None = None
    properties: dict[str, Any] | None = None


class _Driver(msgspec.Struct, rename="camel"):
    name: str = ""
    version: str | None = None
    semantic_version: str | None = None
    rules: tuple[_Rule, ...] | None = None


class _Tool(msgspec.Struct):
    driver: _Driver


class _Artifact(msgspec.Struct):
    uri: str | None = None


class _Physical(msgspec.Struct, rename="camel"):
    artifact_location: _Artifact | None = None


class _Logical(msgspec.Struct, rename="camel"):
    fully_qualified_name: str | None = None
    name: str | None = None


class _Location(msgspec.Struct, rename="camel"):
    physical_location: _Physical | None = None
    logical_locations: tuple[_Logical, ...] | None = None


class _Result(msgspec.Struct, rename="camel"):
    rule_id: str | None = None
    level: str | None = None
    message: _Text = msgspec.field(default_factory=_Text)
    locations: tuple[_Location, ...] | None = None
    properties: dict[str, Any] | None = None


class _Run(msgspec.Struct):
    tool: _Tool
    results: tuple[_Result, ...] | None = None


class _Log(msgspec.Struct):
    version: str
    runs: tuple[_Run, ...]


def read(data: bytes, name: str) -> Imported:
    """Read the file `name`; its runs must be of one tool. Raises InvalidData."""
    log = decode(data, _Log, name)
    if log.version != "2.1.0":
        raise refuse(name, f"it is SARIF {log.version[:20]!r}; this reads 2.1.0")
    tools = {run.tool.driver.name for run in log.runs}
    if len(tools) != 1:
        raise refuse(name, f"it has runs of {len(tools)} tools; give the runs of one")
    driver = log.runs[0].tool.driver
    gathering = Gathering(re.sub(r"[^a-z0-9]+", "-", driver.name.lower()).strip("-")[:40] or "sarif")
    for run in log.runs:
        rules = {rule.id: rule for rule in run.tool.driver.rules or ()}
        for result in run.results or ():
            _result(result, rules.get(result.rule_id or "", _Rule()), gathering)
    return gathering.imported(version=driver.semantic_version or driver.version)


def _result(result: _Result, rule: _Rule, gathering: Gathering) -> None:
    found = _ID.fullmatch(result.rule_id or "")
    if not found:
        gathering.skip(Skipped(f"result of rule {(result.rule_id or '')[:80]!r}", "it is not about a vulnerability"))
        return
    fields = dict(_FIELD.findall(result.message.text))
    purl = _purl(result)
    where = result.locations[0].physical_location if result.locations else None
    path = where.artifact_location.uri if where and where.artifact_location else ""
    score = number((rule.properties or {}).get("security-severity"))
    fixes = (result.properties or {}).get("fixVersions")
    named = fields.get("Package") or found[2]
    gathering.add(
        package(named, fields.get("Installed Version"), PackageType.GENERIC, purl=purl, path=path),
        Said(
            id=found[1],
            severity=fields.get("Severity") or _severity(score, result.level),
            fixes=tuple(map(str, fixes)) if isinstance(fixes, list) else split_fixes(fields.get("Fixed Version")),
            ecosystem="sarif",
            score=score,
            summary=rule.short_description.text if rule.short_description else "",
            url=rule.help_uri or "",
        ),
    )


def _purl(result: _Result) -> str:
    names = [str((result.properties or {}).get("purl") or "")]
    for location in result.locations or ():
        names += [
            text or "" for one in location.logical_locations or () for text in (one.fully_qualified_name, one.name)
        ]
    return next((name for name in names if name.startswith("pkg:")), "")


def _severity(score: float | None, level: str | None) -> str:
    if score:
        return next(word for least, word in _BANDS if score >= least)
    return _LEVELS.get(level or "warning", "")
