"""From a command's arguments to what `wiring` wants to know."""

import argparse

from pratique.model.descriptor import Platform
from pratique.wiring import scans


def request(args: argparse.Namespace, target: str | None = None) -> scans.Request:
    """What is asked for; `target` in place of the arguments' own. Raises UsageError for a platform that isn't one."""
    return scans.Request(
        target=args.target if target is None else target,
        platform=Platform.parse(args.platform) if args.platform is not None else None,
        plain_http=args.plain_http,
        offline=args.offline,
        database=scans.database(getattr(args, "db", None)),
    )
