"""`pratique import FILE`: another scanner's report, in our formats and under our policies."""

import argparse

from pratique.entrypoints.cli import formats, options

TOOLS = ("trivy", "grype", "twistlock", "aqua", "defender", "sarif", "cyclonedx")


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "read another scanner's report: show it, judge it, turn it into other formats"
    parser = subparsers.add_parser(
        "import",
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog="twistlock is Prisma Cloud's twistcli or console; defender is Defender for Containers (az graph query).",
    )
    parser.add_argument("file", metavar="FILE", help="what the scanner wrote: JSON")
    parser.add_argument("--from", dest="tool", choices=TOOLS, default="", help="default: told by its content")
    parser.add_argument("-f", "--format", choices=formats.NAMES, default="table", help="default: table")
    parser.add_argument(
        "--also", metavar="FORMAT=FILE", action="append", default=[], help="write another format too; repeatable"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument("--policy", metavar="FILE", help="judge by this policy too; exit 1 when it denies")
    parser.add_argument("--fail-on", metavar="SEVERITY", help="exit 1 when a finding is this severe or worse")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, perhaps judge, and show."""
    from pratique.entrypoints.cli import output
    from pratique.judge.verdict import fail_on
    from pratique.model.verdict import Outcome
    from pratique.wiring import scans

    least = options.severity(args.fail_on) if args.fail_on is not None else None
    policy = scans.read_policy(args.policy) if args.policy is not None else None
    output.check(args.output)
    also = formats.parse_also(args.also)
    report = scans.imported(args.file, args.tool, policy, output.now())
    for form, file in [*also, (args.format, args.output)]:
        output.write(formats.render(report, form, file), file)
    denied = report.verdict is not None and report.verdict.outcome is Outcome.DENY
    return 1 if denied or (least is not None and fail_on(report.findings, least)) else 0
