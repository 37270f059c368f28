"""`pratique verify`: who signed an image, and what was attested."""

import argparse
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.attest.verify import Verification

_NOT_VERIFIED = 1


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "verify an image's signatures or attestations, in cosign's formats"
    parser = subparsers.add_parser(
        "verify",
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog="Exit codes: 0 verified, 1 not.",
    )
    parser.add_argument("target", metavar="TARGET", help="an image in a registry, or oci:FOLDER")
    parser.add_argument(
        "--key", metavar="PUB", action="append", required=True, help="a public key; repeatable, one that fits is enough"
    )
    parser.add_argument(
        "-a", "--annotation", metavar="K=V", action="append", default=[], help="must be signed along; repeatable"
    )
    parser.add_argument(
        "--type", metavar="T", help="verify attestations of this type: cyclonedx, spdx, ..., a URI, or all"
    )
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to the registry")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify and show; exit 1 when nothing was verified."""
    from contextlib import ExitStack

    from pratique.attest.predicates import NAMES
    from pratique.attest.verify import attestations, verify_image
    from pratique.entrypoints.cli import key_files
    from pratique.registry.targets import open_target

    annotations, keys = key_files.annotations(args.annotation), key_files.verifiers(args.key)
    target = open_target(args.target, plain_http=args.plain_http)
    with ExitStack() as stack:
        if close := getattr(target.repository, "close", None):
            stack.callback(close)
        digest = target.repository.resolve(target.target).digest
        if args.type:
            kind = "" if args.type == "all" else NAMES.get(args.type, args.type)
            result = attestations(target.repository, digest, keys, kind)
        else:
            result = verify_image(target.repository, digest, keys, annotations)
    name = f"{target.repository.reference}@{digest}"
    print(_json(name, result) if args.format == "json" else _text(name, result))
    return 0 if result else _NOT_VERIFIED


def _json(name: str, result: "Verification") -> str:
    import msgspec

    document = {"image": name, "verified": result.verified, "refused": result.refused}
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def _text(name: str, result: "Verification") -> str:
    head = f"{name}: {'verified' if result else 'not verified'}"
    found = [f"  {each.predicate_type or 'signature'} by key {each.key_id}" for each in result]
    refused = [f"  refused: {each.path}: {each.reason}" for each in result.refused]
    return "\n".join([head, *found, *(refused or ([] if result else ["  nothing was found beside it"]))])
