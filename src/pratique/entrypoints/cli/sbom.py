"""`pratique sbom TARGET`: what is in an image, for other tools. Needs no advisories."""

import argparse

from pratique.entrypoints.cli import formats, options

FORMATS = ("cyclonedx", "spdx", "json")


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = options.add_command(subparsers, "sbom", "list what is in an image, as an SBOM")
    parser.add_argument("-f", "--format", choices=FORMATS, default="cyclonedx", help="default: cyclonedx (1.6)")
    options.add_all_platforms(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Scan and write."""
    from pratique.entrypoints.cli import output
    from pratique.entrypoints.cli.requests import request
    from pratique.wiring import scans

    output.check(args.output)
    now = output.now()
    if args.all_platforms:
        from pratique.entrypoints.cli import many

        many.check_format(args.format)
        looked = many.look(many.asked(args), lambda one: scans.inspect(one, now))
        many.show(looked, args.format, args.output, formats.render)
        return many.exit_code(looked, lambda _: False)
    report = scans.inspect(request(args), now)
    output.write(formats.render(report, args.format, args.output), args.output)
    return 0
