"""`pratique diff OLD NEW`: what changed between two images, or between two saved reports of one."""

import argparse
import sys
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.report.difference import Difference
    from pratique.report.report import Report

EPILOG = (
    options.TARGETS
    + """
A file is taken for a report that was saved by `pratique scan -f json`: two of them compare two points in time.
"""
)


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "show what changed between two images: packages, and findings fixed and new"
    parser = subparsers.add_parser(
        "diff",
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", metavar="OLD", help="a target, or a saved report")
    parser.add_argument("new", metavar="NEW", help="a target, or a saved report")
    parser.add_argument("-f", "--format", choices=("table", "json", "markdown"), default="table", help="default: table")
    parser.add_argument("--fail-on", metavar="SEVERITY", help="exit 1 when a new finding is this severe or worse")
    options.add_reach(parser)
    options.add_database(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read or scan both, compare, and show."""
    from pratique.entrypoints.cli import output
    from pratique.report import difference

    fail_on = options.severity(args.fail_on) if args.fail_on is not None else None
    output.check(args.output)
    now = output.now()
    found = compared(_report(args, args.old, now), _report(args, args.new, now))
    if args.format == "json":
        data = difference.render_json(found)
    elif args.format == "markdown":
        data = difference.render_markdown(found)
    else:
        data = difference.render_text(found).encode("utf-8", "replace")
    output.write(data, args.output)
    bad = [one for one in found.new_findings if fail_on is not None and one.severity >= fail_on]
    if bad:
        print(f"pratique: failing on {len(bad)} new of severity {args.fail_on.lower()} or worse", file=sys.stderr)
    return 1 if bad else 0


def compared(old: "Report", new: "Report") -> "Difference":
    """Two reports, compared."""
    from pratique.judge import compare
    from pratique.report.difference import Difference, PackageLine

    findings = compare.fixed_and_new(old.findings, new.findings)
    changes = compare.packages(old.inventory, new.inventory)
    return Difference(
        old=old.target,
        new=new.target,
        old_image=old.inventory.image or "",
        new_image=new.inventory.image or "",
        packages=tuple(PackageLine(one.type.value, one.name, one.old, one.new) for one in changes),
        fixed=findings.fixed,
        new_findings=findings.new,
        remaining=findings.remaining,
    )


def _report(args: argparse.Namespace, text: str, now: "datetime") -> "Report":
    from pathlib import Path

    from pratique.entrypoints.cli.requests import request
    from pratique.wiring import scans

    if Path(text).is_file():
        from pratique.report import document

        return document.read_report(scans.read_file(text, scans.SBOM_LIMIT), text)
    return scans.assess(request(args, text), None, now)
