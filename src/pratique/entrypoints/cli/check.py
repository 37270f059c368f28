"""`pratique check TARGET`: may this image be used? The policy's verdict, with its reasons."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.report.report import Report


class Schema(argparse.Action):
    """Prints the schema as `--help` prints the help: whatever else is asked."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 - argparse's word
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Called by argparse."""
        import msgspec

        from pratique.judge.schema import schema

        print(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())
        parser.exit()


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = options.add_command(subparsers, "check", "judge an image by a policy; exit 1 when it is denied")
    parser.add_argument("-f", "--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument("--policy", metavar="FILE", help="default: deny what is high or critical and can be fixed")
    parser.add_argument("--schema", action=Schema, help="print the JSON Schema of policies, for editors, and stop")
    options.add_all_platforms(parser)
    options.add_reports(parser)
    options.add_database(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Scan, match, judge, and show the verdict."""
    from pratique.entrypoints.cli import output
    from pratique.entrypoints.cli.requests import request
    from pratique.model.verdict import Outcome
    from pratique.wiring import scans

    policy = scans.read_policy(args.policy)
    output.check(args.output)
    others = [scans.read_imported(file) for file in args.with_report]
    keys = [scans.read_file(file) for file in args.key]
    now = output.now()

    def assess(one: scans.Request) -> "Report":
        return scans.assess(one, policy, now, others, keys)

    def refuses(report: "Report") -> bool:
        return report.verdict is None or report.verdict.outcome is Outcome.DENY

    if args.target.startswith("k8s:") or args.all_platforms:
        from pratique.entrypoints.cli import many

        looked = many.look(many.asked(args), assess)
        many.show(looked, args.format, args.output, _render)
        return many.exit_code(looked, refuses)
    report = assess(request(args))
    output.write(_render(report, args.format, args.output), args.output)
    return 1 if refuses(report) else 0


def _render(report: "Report", form: str, to: str | None) -> bytes:
    from pratique.entrypoints.cli import output

    if form == "json":
        from pratique.report import document

        return document.render(report)
    from pratique.report import table

    return table.render_verdict(report, width=output.width(), color=output.color(to)).encode("utf-8", "replace")
