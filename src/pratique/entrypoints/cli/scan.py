"""`pratique scan TARGET`: what is in an image, and what is wrong with it."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import formats, options

if TYPE_CHECKING:
    from pratique.model.finding import Finding


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = options.add_command(subparsers, "scan", "find known vulnerabilities in an image")
    parser.add_argument("-f", "--format", choices=formats.NAMES, default="table", help="default: table")
    parser.add_argument(
        "--also", metavar="FORMAT=FILE", action="append", default=[], help="write another format too; repeatable"
    )
    parser.add_argument(
        "--severity", metavar="SEV[,SEV...]", action="append", default=[], help="show only these severities"
    )
    parser.add_argument("--ignore-unfixed", action="store_true", help="leave out what has no fix yet")
    parser.add_argument(
        "--fail-on", metavar="SEVERITY", help="exit 1 when a finding is this severe or worse, shown or not"
    )
    parser.add_argument("--policy", metavar="FILE", help="judge by this policy too; exit 1 when it denies")
    options.add_reports(parser)
    options.add_database(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Scan, match, perhaps judge, and show."""
    from msgspec.structs import replace

    from pratique.entrypoints.cli import output
    from pratique.entrypoints.cli.requests import request
    from pratique.model.finding import State
    from pratique.model.verdict import Outcome
    from pratique.wiring import scans

    shown_severities = options.severities(args.severity)
    fail_on = options.severity(args.fail_on) if args.fail_on is not None else None
    policy = scans.read_policy(args.policy) if args.policy is not None else None
    output.check(args.output)
    also = formats.parse_also(args.also)
    others = [scans.read_imported(file) for file in args.with_report]
    report = scans.assess(request(args), policy, output.now(), others)
    counted = [finding for finding in report.findings if finding.fix_versions or not args.ignore_unfixed]
    shown = tuple(finding for finding in counted if not shown_severities or finding.severity in shown_severities)
    visible = replace(report, findings=shown)
    for form, file in [*also, (args.format, args.output)]:
        output.write(formats.render(visible, form, file), file)
    denied = report.verdict is not None and report.verdict.outcome is Outcome.DENY
    too_bad = [
        finding
        for finding in counted
        if fail_on is not None
        and finding.severity >= fail_on
        and finding.state in {State.AFFECTED, State.UNDER_INVESTIGATION}
    ]
    if too_bad:
        print(f"pratique: failing on {_count(too_bad)} of severity {args.fail_on.lower()} or worse", file=sys.stderr)
    return 1 if denied or too_bad else 0


def _count(findings: Sequence["Finding"]) -> str:
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
