"""`pratique db update|build|status|lookup`: the advisories that scans ask."""

import argparse
import sys
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.model.advisory import Advisory


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "build the advisory database, or ask it"
    parser = subparsers.add_parser("db", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_update(verbs)
    _add_build(verbs)
    status = verbs.add_parser("status", help="say what the database holds and how old it is")
    status.add_argument("-f", "--format", choices=("table", "json"), default="table", help="default: table")
    options.add_database(status)
    status.set_defaults(run=run_status)
    lookup = verbs.add_parser("lookup", help="show one advisory, or all on a package, as JSON lines")
    lookup.add_argument("what", metavar="ID | ECOSYSTEM NAME", nargs="+", help="CVE-2024-0001, or Debian:12 openssl")
    options.add_database(lookup)
    lookup.set_defaults(run=run_lookup)


def _add_update(verbs: "options.Subparsers[argparse.ArgumentParser]") -> None:
    update = verbs.add_parser("update", help="ask every feed for what is new, and build the database anew if any has")
    update.add_argument("--feeds", metavar="FILE", help="where feeds are and which are on (TOML)")
    update.add_argument("--mirror", metavar="URL", help="ask one place for all feeds, laid out as they are")
    update.add_argument("--feed", metavar="NAME", action="append", default=[], help="ask only this feed; repeatable")
    options.add_database(update)
    update.set_defaults(run=run_update)


def _add_build(verbs: "options.Subparsers[argparse.ArgumentParser]") -> None:
    build = verbs.add_parser("build", help="build the database from OSV data")
    build.add_argument(
        "--osv",
        metavar="PATH_OR_URL",
        action="append",
        required=True,
        help="a zip, a folder of JSON files, or a bucket (ECOSYSTEM/all.zip) in a folder or at a URL; repeatable",
    )
    build.add_argument(
        "--ecosystem", metavar="E", action="append", default=[], help="only these of a bucket: Debian, PyPI; repeatable"
    )
    build.add_argument("-o", "--output", metavar="FILE", help="default: where scans look for it")
    build.set_defaults(run=run_build)


def run_update(args: argparse.Namespace) -> int:
    """Fetch what is new and say what each feed is now; a feed that failed keeps its last good data."""
    from pratique.advisories import settings
    from pratique.advisories.update import update
    from pratique.entrypoints.cli import output
    from pratique.report.text import one_line
    from pratique.wiring import scans

    path = scans.database(args.db)
    data = scans.read_file(args.feeds) if args.feeds else b""
    wanted = settings.read(data, args.feeds or "", mirror=args.mirror or "", feeds=args.feed)
    report = update(path, wanted, output.now(), lambda line: print(one_line(f"pratique: {line}"), file=sys.stderr))
    for source in report.sources:
        print(one_line(f"{source.name}: {source.problem or 'current'} ({source.licence})"))
    built = report.built
    print(f"{path}: " + (f"{built.advisories} advisories, {built.digest}" if built else "nothing had changed"))
    return 0


def run_build(args: argparse.Namespace) -> int:
    """Read the feeds and write the file, whole or not at all."""
    from pratique.entrypoints.cli import output
    from pratique.report.text import one_line
    from pratique.wiring import scans

    path = scans.database(args.output)
    built = scans.build_advisories(path, args.osv, output.now(), args.ecosystem)
    print(
        f"{path}: {built.advisories} advisories on {built.affected} packages in {built.seconds:.1f} s, {built.digest}"
    )
    for skipped in built.skipped[:5]:
        print(one_line(f"not read: {skipped.id}: {skipped.reason}"))
    if len(built.skipped) > 5:
        print(f"not read: {len(built.skipped) - 5} more")
    return 0


def run_status(args: argparse.Namespace) -> int:
    """Say what is there."""
    from pratique.report.text import one_line
    from pratique.wiring import scans

    path = scans.database(args.db)
    with scans.open_advisories(path) as store:
        status = store.status()
    if args.format == "json":
        import msgspec

        print(msgspec.json.encode(status).decode())
        return 0
    print(f"{path}: {status.advisories} advisories, built {status.built_at}, {status.digest}")
    for source in status.sources:
        newest = f", newest {source.newest}" if source.newest else ""
        print(one_line(f"  from {source.name}: {source.count} ({source.location}{newest})"))
        said = (f"current as of {source.checked}" * bool(source.checked), source.licence, source.problem)
        if told := "; ".join(filter(None, said)):
            print(one_line(f"    {told}"))
    for ecosystem, count in sorted(status.ecosystems.items()):
        print(f"  {ecosystem}: {count}")
    return 0


def run_lookup(args: argparse.Namespace) -> int:
    """Show advisories as they are kept."""
    import msgspec

    from pratique.model.errors import NotFound, UsageError
    from pratique.wiring import scans

    if len(args.what) > 2:
        raise UsageError("too many words for db lookup", "give an id, or an ecosystem and a package's name")
    path = scans.database(args.db)
    with scans.open_advisories(path) as store:
        found: tuple[Advisory | None, ...] = (
            store.find(*args.what) if len(args.what) == 2 else (store.get(args.what[0]),)
        )
    advisories = [advisory for advisory in found if advisory]
    if not advisories:
        raise NotFound(f"no advisory for {' '.join(args.what)[:100]} in {path}")
    for advisory in advisories:
        print(msgspec.json.encode(advisory).decode())
    return 0
