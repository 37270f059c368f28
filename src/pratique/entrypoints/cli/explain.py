"""`pratique explain REPORT`: each reason of a saved report's verdict, with its evidence and what would change it."""

import argparse

from pratique.entrypoints.cli import options


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "explain a verdict: each reason, its evidence, and what would change it"
    parser = subparsers.add_parser(
        "explain",
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog="REPORT is what `pratique check -f json` or `pratique scan --policy FILE -f json` wrote.",
    )
    parser.add_argument("report", metavar="REPORT", help="a saved report")
    parser.add_argument(
        "about", metavar="ABOUT", nargs="?", default="", help="only reasons that name this: a CVE, a rule"
    )
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read, explain, show. Raises PratiqueError for a report without a verdict."""
    from pratique.entrypoints.cli import output
    from pratique.model.errors import InvalidData
    from pratique.report import document, explanation
    from pratique.wiring import scans

    output.check(args.output)
    found = document.read_document(scans.read_file(args.report, scans.SBOM_LIMIT), args.report)
    if found.verdict is None:
        raise InvalidData(f"{args.report[:200]} has no verdict", "make it with pratique check -f json")
    reasons = explanation.explain(found, args.about)
    if args.format == "json":
        data = explanation.render_json(found, reasons)
    else:
        data = explanation.render_text(found, reasons).encode("utf-8", "replace")
    output.write(data, args.output)
    return 0
