"""`pratique demo`: the loop, shown on real content."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.entrypoints.cli import options


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "demo",
        help="see the whole loop work, here and now",
        description="From a pushed base image to a healed application: in a folder, or with --cluster on a real one.",
    )
    parser.add_argument("--out", metavar="DIR", default="demo-out", help="where everything is made (default: demo-out)")
    parser.add_argument("--cluster", action="store_true", help="on a real registry, builder and cluster (needs root)")
    parser.add_argument("--keep", action="store_true", help="with --cluster: leave the demo's objects in the cluster")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Tell the story."""
    from pathlib import Path

    from pratique.entrypoints.demo.timeline import Timeline

    if args.cluster:
        from pratique.entrypoints.demo import cluster

        cluster.run(Path(args.out), Timeline(), keep=args.keep)
    else:
        from pratique.entrypoints.demo import local

        local.run(Path(args.out), Timeline())
    return 0
