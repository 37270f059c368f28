"""`pratique scan TARGET`: what is in an image, and what is wrong with it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import formats, options, pipeline

if TYPE_CHECKING:
    from pratique.model.advisory import Severity
    from pratique.model.finding import Finding
    from pratique.report.report import Report
    from pratique.wiring.scans import Request


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
    options.add_all_platforms(parser)
    options.add_reports(parser)
    options.add_database(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Scan, match, perhaps judge, and show."""
    from pratique.entrypoints.cli import output
    from pratique.entrypoints.cli.requests import request
    from pratique.wiring import scans

    wanted = _Wanted(
        options.severities(args.severity),
        options.severity(args.fail_on) if args.fail_on is not None else None,
        fixable_only=args.ignore_unfixed,
    )
    policy = scans.read_policy(args.policy) if args.policy is not None else None
    output.check(args.output)
    also = formats.parse_also(args.also)
    others = [scans.read_imported(file) for file in args.with_report]
    keys = [scans.read_file(file) for file in args.key]
    now = output.now()

    def assess(one: scans.Request) -> "Report":
        return scans.assess(one, policy, now, others, keys)

    shown = [*also, (args.format, args.output)]
    if args.target.startswith("k8s:") or args.all_platforms:
        return _many(args, assess, shown, wanted)
    report = assess(request(args))
    for form, file in shown:
        output.write(formats.render(wanted.visible(report), form, file), file)
    pipeline.tell(wanted.visible(report))
    return 1 if wanted.refuses(report) else 0


def _many(
    args: argparse.Namespace,
    assess: "Callable[[Request], Report]",
    shown: "Sequence[tuple[str, str | None]]",
    wanted: "_Wanted",
) -> int:
    from msgspec.structs import replace

    from pratique.entrypoints.cli import many

    for form, _ in shown:
        many.check_format(form)
    looked = many.look(many.asked(args), assess)
    visible = [replace(one, report=wanted.visible(one.report)) if one.report else one for one in looked]
    for form, file in shown:
        many.show(visible, form, file, formats.render)
    for one in visible:
        if one.report:
            pipeline.tell(one.report)
    return many.exit_code(looked, wanted.refuses)


class _Wanted:
    """What of a report is shown, and what fails the command."""

    def __init__(self, severities: "frozenset[Severity]", fail_on: "Severity | None", *, fixable_only: bool) -> None:
        self._severities = severities
        self._fail_on = fail_on
        self._fixable_only = fixable_only

    def visible(self, report: "Report") -> "Report":
        """The report with the findings that are asked for."""
        from msgspec.structs import replace

        counted = self._counted(report)
        shown = tuple(one for one in counted if not self._severities or one.severity in self._severities)
        return replace(report, findings=shown)

    def refuses(self, report: "Report") -> bool:
        """Whether a policy or `--fail-on` says no; of the latter, standard error tells how often."""
        from pratique.model.finding import State
        from pratique.model.verdict import Outcome

        least, is_open = self._fail_on, {State.AFFECTED, State.UNDER_INVESTIGATION}
        bad = [
            one for one in self._counted(report) if least is not None and one.severity >= least and one.state in is_open
        ]
        if self._fail_on is not None and bad:
            word = self._fail_on.word
            print(f"pratique: failing on {_count(bad)} of severity {word} or worse", file=sys.stderr)
        return bool(bad) or (report.verdict is not None and report.verdict.outcome is Outcome.DENY)

    def _counted(self, report: "Report") -> "Sequence[Finding]":
        return [one for one in report.findings if one.fix_versions or not self._fixable_only]


def _count(findings: Sequence["Finding"]) -> str:
    return f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
