"""OpenVEX 0.2.0 (openvex/spec OPENVEX-SPEC.md): what the scan knows of each vulnerability in the image.

One statement per vulnerability, status and remedy; the image is the product, its packages are the subcomponents. The
same report gives the same bytes. A report without findings has no statements, for there is nothing to state.
"""

import re
import uuid
from typing import Any
from urllib.parse import quote

import msgspec

from pratique.model.digest import digest_of
from pratique.model.finding import Finding, State
from pratique.report import places
from pratique.report.report import Report, worst_first
from pratique.report.text import one_line

CONTEXT = "https://openvex.dev/ns/v0.2.0"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:pratique:openvex")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_HASHES = {"sha256": "sha-256", "sha512": "sha-512"}


def render(report: Report) -> bytes:
    """The report as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(document(report)), indent=2) + b"\n"


def document(report: Report) -> dict[str, Any]:
    """The report as an OpenVEX document."""
    statements = _statements(report)
    content = msgspec.json.encode([report.target, report.generated_at, statements])
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest_of(content))}",
        "author": "Pratique",
        "role": "Vulnerability scanner",
        "timestamp": report.generated_at,
        "version": 1,
        "tooling": f"pratique {report.tool_version}",
        "statements": statements,
    }


def product(report: Report) -> dict[str, Any]:
    """The image as a product: its purl (purl-spec, type oci) and hash; a name where there is no image."""
    digest = report.inventory.image
    if digest is None:
        return {"@id": f"urn:pratique:target:{quote(one_line(report.target), safe='')}"}
    name = places.short_name(report.target).lower()
    where = report.target.partition("://")[2] or report.target
    repository = quote(re.sub(r"(@.*|:[^:/]*)$", "", where), safe="")
    purl = f"pkg:oci/{quote(name, safe='')}@{quote(digest, safe='')}?repository_url={repository}"
    algorithm, _, value = digest.partition(":")
    return {"@id": purl, "identifiers": {"purl": purl}, "hashes": {_HASHES.get(algorithm, algorithm): value}}


def _statements(report: Report) -> list[dict[str, Any]]:
    whole = product(report)
    grouped: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {}
    for finding in worst_first(report.findings):
        statement = _statement(finding)
        part = _subcomponent(finding)
        _, parts = grouped.setdefault(msgspec.json.encode(statement).decode(), (statement, {}))
        parts[part["@id"]] = part
    return [
        {**statement, "products": [{**whole, "subcomponents": [*parts.values()]}]}
        for statement, parts in grouped.values()
    ]


def _statement(finding: Finding) -> dict[str, Any]:
    vulnerability: dict[str, Any] = {"name": finding.id or "unknown"}
    if _URI.fullmatch(finding.url):
        vulnerability["@id"] = finding.url
    if finding.summary:
        vulnerability["description"] = one_line(finding.summary)
    if finding.aliases:
        vulnerability["aliases"] = [*dict.fromkeys(finding.aliases)]
    made: dict[str, Any] = {"vulnerability": vulnerability, "status": finding.state.value}
    if finding.state is State.AFFECTED:
        made["action_statement"] = places.advice(finding)
    elif finding.state is State.NOT_AFFECTED:
        made["impact_statement"] = "a vendor or a VEX statement says that this package is not affected"
    return made


def _subcomponent(finding: Finding) -> dict[str, Any]:
    package = finding.package
    if _URI.fullmatch(package.purl):
        return {"@id": package.purl, "identifiers": {"purl": package.purl}}
    return {"@id": "urn:pratique:package:" + quote(one_line(f"{package.name}@{package.version}"), safe="@")}
