"""From a command's arguments to what `wiring` wants to know."""

import argparse

from pratique import wiring
from pratique.model.descriptor import Platform


def request(args: argparse.Namespace) -> wiring.Request:
    """What is asked for. Raises UsageError for a platform that isn't one."""
    return wiring.Request(
        target=args.target,
        platform=Platform.parse(args.platform) if args.platform is not None else None,
        plain_http=args.plain_http,
        offline=args.offline,
        database=wiring.database(getattr(args, "db", None)),
    )
