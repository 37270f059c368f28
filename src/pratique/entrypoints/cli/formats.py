"""The output formats by name; each one's module is imported only when it is asked for."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.report.report import Report

_MODULES = {
    "json": "document",
    "sarif": "sarif",
    "cyclonedx": "cyclonedx",
    "spdx": "spdx",
    "openvex": "openvex",
    "junit": "junit",
    "markdown": "markdown",
    "warnings-ng": "warnings_ng",
    "prometheus": "prometheus",
}
NAMES = ("table", *_MODULES, "html", "cosign-vuln")


def render(report: "Report", form: str, to: str | None) -> bytes:
    """The report in a format; `to` is the file it is for, None for standard output."""
    if form == "table":
        from pratique.entrypoints.cli import output
        from pratique.report import table

        return table.render(report, width=output.width(), color=output.color(to)).encode("utf-8", "replace")
    if form == "html":
        from pratique.report import html

        return html.render(f"Pratique: {report.target}", [report])
    if form == "cosign-vuln":
        return _cosign_vuln(report)
    made: bytes = importlib.import_module(f"pratique.report.{_MODULES[form]}").render(report)
    return made


def parse_also(wanted: Sequence[str]) -> list[tuple[str, str]]:
    """`FORMAT=FILE` as pairs, each file checked and named once. Raises UsageError."""
    from pratique.entrypoints.cli import output
    from pratique.model.errors import UsageError

    pairs = []
    for text in wanted:
        form, equals, file = text.partition("=")
        if not equals or not file:
            raise UsageError(f"not FORMAT=FILE: {text[:100]!r}", "write it as --also sarif=out.sarif")
        if form not in NAMES:
            raise UsageError(f"not a format: {form[:40]!r}", f"one of {', '.join(NAMES)}")
        output.check(file)
        pairs.append((form, file))
    files = [str(Path(file).absolute()) for _, file in pairs]
    if len(set(files)) < len(files):
        raise UsageError("two formats would be written into one file", "name a file for each")
    return pairs


def _cosign_vuln(report: "Report") -> bytes:
    from pratique.attest.predicates import vulnerabilities
    from pratique.report import document

    advisories = report.advisories
    return vulnerabilities(
        document.render(report),
        scanner=f"pkg:pypi/pratique@{report.tool_version}",
        version=report.tool_version,
        database="",
        database_version=advisories.digest if advisories else "",
        started=report.generated_at,
        finished=report.generated_at,
    )
