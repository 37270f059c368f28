"""Which scanner wrote a file, by its content, and its report."""

import importlib
from collections.abc import Mapping
from typing import Any

import msgspec

from pratique.report.decoding import decode
from pratique.report.importers.imported import Imported, refuse

TOOLS = ("trivy", "grype", "twistlock", "aqua", "defender", "sarif", "cyclonedx")
_SHALLOW: Any = list[msgspec.Raw] | dict[str, msgspec.Raw]  # one level, the rest left as bytes
_ENTRIES = 3  # of a list or mapping looked at


def read(data: bytes, name: str, tool: str = "") -> Imported:
    """The report in `data`, the content of the file `name`; `tool` says whose it must be. Raises InvalidData."""
    found = detect(data, name)
    if tool and tool != found:
        raise refuse(name, f"it is not a report of {tool}, but looks like one of {found}")
    reader = importlib.import_module(f"pratique.report.importers.{found}")
    made: Imported = reader.read(data, name)
    return made


def detect(data: bytes, name: str) -> str:
    """One of `TOOLS`. Raises InvalidData for anything else, with what it is where that can be told."""
    if data.lstrip()[:1] not in {b"{", b"["}:
        raise refuse(name, "it is not JSON")
    document: Any = decode(data, _SHALLOW, name)
    if isinstance(document, list):
        found = _of_list([_keys(one) for one in document[:_ENTRIES]])
    else:
        found = _of_mapping(document)
    if found in TOOLS:
        return found
    raise refuse(name, found or f"no known scanner writes this; known are {', '.join(TOOLS)}")


def _of_list(entries: list[Mapping[str, msgspec.Raw]]) -> str:
    if entries and all("entityInfo" in one for one in entries):
        return "twistlock"
    if entries and all("Target" in one for one in entries):
        return "trivy"
    if entries and all("properties" in one for one in entries):
        return _defender(entries)
    return ""


def _of_mapping(document: Mapping[str, msgspec.Raw]) -> str:
    keys = document.keys()
    if {"SchemaVersion", "ArtifactName"} <= keys or {"SchemaVersion", "Results"} <= keys:
        return "trivy"
    if "matches" in keys and bytes(_keys(document.get("descriptor")).get("name", b"")) == b'"grype"':
        return "grype"
    if "bomFormat" in keys:
        return "cyclonedx"
    if {"version", "runs"} <= keys:
        return "sarif"
    if "resources" in keys or "cves" in keys:
        return "aqua"
    if "data" in keys:
        return _defender(_entries(document["data"]))
    if "results" in keys:
        results = _entries(document["results"])
        known = {"vulnerabilityDistribution", "complianceDistribution"}
        return "twistlock" if any(known & one.keys() for one in results) else ""
    return _known_otherwise(document)


def _defender(rows: list[Mapping[str, msgspec.Raw]]) -> str:
    properties = [_keys(row.get("properties")) for row in rows]
    return "defender" if properties and all("additionalData" in one for one in properties) else ""


def _known_otherwise(document: Mapping[str, msgspec.Raw]) -> str:
    if "spdxVersion" in document:
        return "it is an SBOM in SPDX, which has no findings: scan it with pratique scan sbom:FILE"
    if "schema_version" in document:
        return "it is a report of Pratique itself: pratique diff and pratique explain read it"
    if "@context" in document or "statements" in document:
        return "it is a VEX document, not a scanner's report"
    return ""


def _entries(raw: msgspec.Raw) -> list[Mapping[str, msgspec.Raw]]:
    found = _decoded(raw)
    return [_keys(one) for one in found[:_ENTRIES]] if isinstance(found, list) else []


def _keys(raw: msgspec.Raw | None) -> Mapping[str, msgspec.Raw]:
    found = _decoded(raw) if raw is not None else None
    return found if isinstance(found, dict) else {}


def _decoded(raw: msgspec.Raw) -> Any:
    if bytes(raw)[:1] not in {b"{", b"["}:
        return None
    return msgspec.json.decode(raw, type=_SHALLOW)
