"""`pratique base show|dependents`: which image another one is built on, and who is built on a base."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.entrypoints.cli.images import Opened
    from pratique.remediate.lineage import KnownImage


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "say which image another one is built on, and who is built on a base"
    parser = subparsers.add_parser("base", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    show = options.add_command(verbs, "show", "name the base of an image, and what shows it; exit 1 when unknown")
    show.add_argument("--known", metavar="TARGET", action="append", default=[], help="a possible base; repeatable")
    show.set_defaults(run=run_show)
    below = options.add_command(verbs, "dependents", "list which of some images are built on a base, nearest first")
    below.add_argument(
        "--of", metavar="TARGET", action="append", required=True, help="an image that may be built on it; repeatable"
    )
    below.set_defaults(run=run_dependents)
    for each in (show, below):
        each.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")


def run_show(args: argparse.Namespace) -> int:
    """Show the base."""
    import msgspec

    from pratique.entrypoints.cli import images, output
    from pratique.remediate.lineage import find_base

    output.check(args.output)
    image = images.opened(args, args.target).image
    known = [_known(images.opened(args, text)) for text in args.known]
    lineage = find_base(image, known)
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(lineage)) + b"\n", args.output)
    elif lineage is None:
        output.write(b"unknown: it shares no first layers with a known image, and names no base itself\n", args.output)
    else:
        name = lineage.base or "an image without a known name"
        lines = [f"{name}{f' ({lineage.base_digest})' if lineage.base_digest else ''}", *lineage.evidence]
        output.write("\n  ".join(lines).encode() + b"\n", args.output)
    return 1 if lineage is None else 0


def run_dependents(args: argparse.Namespace) -> int:
    """Show the dependents in levels: what may be mended at once, one level after the other."""
    import msgspec

    from pratique.entrypoints.cli import images, output
    from pratique.remediate.lineage import PrefixIndex, find_base
    from pratique.remediate.order import affected, topological

    output.check(args.output)
    base = images.opened(args, args.target)
    others = [images.opened(args, text) for text in args.of]
    index = PrefixIndex([_known(one) for one in (base, *others)])
    names = {one.image.digest: one.name for one in (base, *others)}
    found = ((find_base(one.image, index), one.image.digest) for one in others)
    edges = [(str(lineage.base_digest), str(digest)) for lineage, digest in found if lineage and lineage.certain]
    levels = topological(affected([base.image.digest], edges), edges)
    named = [[str(names[digest]) for digest in level if digest in names] for level in levels]  # type: ignore[index]
    if args.format == "json":
        output.write(msgspec.json.format(msgspec.json.encode(named)) + b"\n", args.output)
    else:
        output.write(_table(named).encode(), args.output)
    return 0


def _table(levels: Sequence[Sequence[str]]) -> str:
    lines = [f"{number}  {name}\n" for number, level in enumerate(levels, 1) for name in level]
    return "".join(lines) or "nothing is built on it\n"


def _known(opened: "Opened") -> "KnownImage":
    from pratique.remediate.lineage import KnownImage

    image = opened.image
    return KnownImage(opened.reference, image.digest, image.diff_ids, image.platform, current=True)
