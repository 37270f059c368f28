"""A look at several images: of Kubernetes manifests, or of an index. One that can't be had doesn't stop the others."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from pratique.entrypoints.cli import manifests, output
from pratique.entrypoints.cli.requests import request
from pratique.model.errors import PratiqueError, UsageError
from pratique.report.report import Report
from pratique.wiring import scans

FORMATS = ("table", "json", "sarif", "markdown", "html")
_RUNS = 20  # GitHub takes no more runs in one SARIF file
_FAILED = 3


class Asked(msgspec.Struct, frozen=True):
    """One image of several: how it is called and who uses it, and the request for it."""

    used: manifests.Used
    request: scans.Request


class Looked(msgspec.Struct, frozen=True):
    """What came of one image: a report, or why there is none."""

    used: manifests.Used
    report: Report | None = None
    error: str = ""


def asked(args: argparse.Namespace) -> tuple[Asked, ...]:
    """The images of a `k8s:` target, or by `--all-platforms` those of an index. Raises PratiqueError."""
    if not args.all_platforms:
        listed = manifests.read(Path(args.target.removeprefix(manifests.PREFIX)))
        return tuple(Asked(used, request(args, used.image)) for used in listed)
    if args.platform is not None or args.target.startswith(manifests.PREFIX):
        raise UsageError("--all-platforms is for one image, and not for --platform", "leave one of the two out")
    whole = request(args)
    return tuple(
        Asked(
            manifests.Used(f"{args.target} ({one.platform})", ()), msgspec.structs.replace(whole, manifest=one.digest)
        )
        for one in scans.platforms(whole)
    )


def look(images: Sequence[Asked], assess: Callable[[scans.Request], Report]) -> tuple[Looked, ...]:
    """Assess them all."""
    found = []
    for one in images:
        try:
            found.append(Looked(one.used, assess(one.request)))
        except PratiqueError as error:
            found.append(Looked(one.used, error=str(error)))
            print(f"pratique: error: {one.used.image}: {error}", file=sys.stderr)
    return tuple(found)


def check_format(form: str) -> None:
    """Refuse a format that holds one image alone. Raises UsageError."""
    if form not in FORMATS:
        raise UsageError(f"{form} is a format for one image", f"for several use one of {', '.join(FORMATS)}")


def show(
    looked: Sequence[Looked], form: str, to: str | None, render: Callable[[Report, str, str | None], bytes]
) -> None:
    """Write all of them in one format."""
    output.write(_document(looked, form, to, render), to)


def exit_code(looked: Sequence[Looked], refused: Callable[[Report], bool]) -> int:
    """3 where an image could not be looked at, else 1 where one is refused, else 0."""
    if any(one.report is None for one in looked):
        return _FAILED
    return 1 if any(refused(one.report) for one in looked if one.report) else 0


def _document(
    looked: Sequence[Looked], form: str, to: str | None, render: Callable[[Report, str, str | None], bytes]
) -> bytes:
    reports = [one.report for one in looked if one.report]
    if form == "json":
        return _json(looked)
    if form == "html":
        from pratique.report import html

        return html.render("Pratique: several images", reports)
    if form == "sarif":
        return _sarif(reports)
    return b"\n".join(_text(one, form, to, render) for one in looked)


def _json(looked: Sequence[Looked]) -> bytes:
    from pratique.report import document

    images = [
        {
            "image": one.used.image,
            "used_by": one.used.by,
            "error": one.error,
            "report": document.document(one.report) if one.report else None,
        }
        for one in looked
    ]
    return msgspec.json.format(msgspec.json.encode({"schema_version": "1.0", "images": images}), indent=2) + b"\n"


def _sarif(reports: Sequence[Report]) -> bytes:
    from pratique.report import sarif

    if len(reports) > _RUNS:
        raise UsageError(f"{len(reports)} images are too many for one SARIF file", f"it holds at most {_RUNS} runs")
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []}
    log["runs"] = [run for report in reports for run in sarif.document(report)["runs"]]
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


def _text(one: Looked, form: str, to: str | None, render: Callable[[Report, str, str | None], bytes]) -> bytes:
    from pratique.report import markdown
    from pratique.report.text import one_line

    users = ", ".join(one.used.by)
    if one.report is None:
        line = f"{one.used.image}: not scanned: {one.error}"
        return (f"## {markdown.text(line)}\n" if form == "markdown" else one_line(line) + "\n").encode()
    if not users:
        return render(one.report, form, to)
    head = f"used by {markdown.text(users)}\n\n" if form == "markdown" else one_line(f"used by {users}") + "\n"
    return head.encode("utf-8", "replace") + render(one.report, form, to)
