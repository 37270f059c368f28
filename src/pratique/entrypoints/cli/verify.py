"""`pratique verify`: who signed an image, and what was attested."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from pratique.entrypoints.cli import options
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from pratique.attest.verify import Verification
    from pratique.model.digest import Digest
    from pratique.registry.repository import Repository

    Verify: TypeAlias = Callable[[Repository, Digest], Verification]

_NOT_VERIFIED = 1


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "verify an image's signatures (cosign's or notation's) or attestations"
    parser = subparsers.add_parser(
        "verify",
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog="Exit codes: 0 verified, 1 not.",
    )
    parser.add_argument("target", metavar="TARGET", help="an image in a registry, or oci:FOLDER")
    parser.add_argument(
        "--key", metavar="PUB", action="append", default=[], help="a public key; repeatable, one that fits is enough"
    )
    parser.add_argument(
        "--at-least", metavar="N", type=int, default=1, help="so many of the keys must have signed; default: 1"
    )
    parser.add_argument(
        "-a", "--annotation", metavar="K=V", action="append", default=[], help="must be signed along; repeatable"
    )
    parser.add_argument(
        "--type", metavar="T", help="verify attestations of this type: cyclonedx, spdx, ..., a URI, or all"
    )
    options.add_keyless(parser)
    parser.add_argument("--trust-policy", metavar="FILE", help="notation's signatures: its trustpolicy.json")
    parser.add_argument(
        "--trust-store", metavar="FOLDER", help="notation's trust store; default: the one beside the trust policy"
    )
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to the registry")
    parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify and show; exit 1 when not enough was verified."""
    from contextlib import closing

    from pratique.registry.targets import open_target

    _check(args)
    verify = _by_policy(args) if args.trust_policy else _by_root(args) if args.trusted_root else _by_keys(args)
    target = open_target(args.target, plain_http=args.plain_http or None)
    with closing(target):
        digest = target.repository.resolve(target.target).digest
        result = verify(target.repository, digest)
    signers = len({each.key_id for each in result})
    name = f"{target.repository.reference}@{digest}"
    print(_json(name, result) if args.format == "json" else _text(name, result, args.at_least))
    return 0 if signers >= args.at_least or result.skipped else _NOT_VERIFIED


def _check(args: argparse.Namespace) -> None:
    options.check_keyless(args)
    if sum(map(bool, (args.key, args.trust_policy, args.trusted_root))) != 1:
        raise UsageError("what should it be verified with?", "one of --key, --trust-policy and --trusted-root")
    if args.trust_store and not args.trust_policy:
        raise UsageError("--trust-store is for --trust-policy")
    if args.trust_policy and args.type:
        raise UsageError("notation has no attestations", "verify them with --key")
    if args.at_least < 1 or (args.key and args.at_least > len(args.key)):
        raise UsageError(f"--at-least {args.at_least} of {len(args.key)} keys", "at least 1, at most all of them")


def _by_root(args: argparse.Namespace) -> "Verify":
    from pratique.attest.keyless.verify import attestations, verify_image
    from pratique.attest.predicates import NAMES
    from pratique.entrypoints.cli import key_files

    annotations = key_files.annotations(args.annotation)
    root, who = key_files.keyless(args)
    if args.type:
        kind = "" if args.type == "all" else NAMES.get(args.type, args.type)
        return lambda repository, digest: attestations(repository, digest, root, who, kind)
    return lambda repository, digest: verify_image(repository, digest, root, who, annotations)


def _by_keys(args: argparse.Namespace) -> "Verify":
    from pratique.attest.predicates import NAMES
    from pratique.attest.verify import attestations, verify_image
    from pratique.entrypoints.cli import key_files

    annotations, keys = key_files.annotations(args.annotation), key_files.verifiers(args.key)
    if args.type:
        kind = "" if args.type == "all" else NAMES.get(args.type, args.type)
        return lambda repository, digest: attestations(repository, digest, keys, kind)
    return lambda repository, digest: verify_image(repository, digest, keys, annotations)


def _by_policy(args: argparse.Namespace) -> "Verify":
    from pratique.attest.notation.verify import verify_image
    from pratique.entrypoints.cli import key_files

    annotations, now = key_files.annotations(args.annotation), key_files.clock()
    policy, root = key_files.trust(args.trust_policy, args.trust_store)
    return lambda repository, digest: verify_image(
        repository, digest, policy.statement_for(repository.reference.name), root, now, annotations
    )


def _json(name: str, result: "Verification") -> str:
    import msgspec

    document: dict[str, object] = {"image": name, "verified": result.verified, "refused": result.refused}
    if result.warnings:
        document["warnings"] = result.warnings
    if result.skipped:
        document["skipped"] = result.skipped
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def _text(name: str, result: "Verification", at_least: int) -> str:
    if result.skipped:
        return f"{name}: not verified, and need not be: {result.skipped}"
    signers = len({each.key_id for each in result})
    head = f"{name}: {'verified' if signers >= at_least else 'not verified'}"
    if 0 < signers < at_least:
        head += f": signed with {signers} of at least {at_least} keys"
    found = [f"  {each.predicate_type or 'signature'} by {_named(each.key_id)}" for each in result]
    warned = [f"  warning: {each.path}: {each.reason}" for each in result.warnings]
    refused = [f"  refused: {each.path}: {each.reason}" for each in result.refused]
    nothing = [] if result or refused else ["  nothing was found beside it"]
    return "\n".join([head, *found, *warned, *refused, *nothing])


def _named(key_id: str) -> str:
    return key_id if key_id.startswith("keyless:") else f"key {key_id}"
