"""`pratique sign`: sign an image, attest to it, or make the keys for it."""

import argparse
from pathlib import Path

from pratique.entrypoints.cli import options
from pratique.model.errors import UsageError

_PREDICATE_LIMIT = 24 * 1024 * 1024  # bytes; in base64 it must stay below what verifiers read


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "sign an image, or attest to it, in cosign's formats"
    parser = subparsers.add_parser(
        "sign",
        help=summary,
        description="Sign an image, or attest to it, in cosign's formats. The key's password is in $COSIGN_PASSWORD.",
    )
    parser.add_argument("target", metavar="TARGET", nargs="?", help="an image in a registry, or oci:FOLDER")
    parser.add_argument("--key", metavar="FILE", help="the private key: cosign's file, or plain PEM")
    parser.add_argument(
        "-a", "--annotation", metavar="K=V", action="append", default=[], help="signed along; repeatable"
    )
    parser.add_argument(
        "--bundle", action="store_true", help="as a Sigstore bundle that refers to the image (cosign 3)"
    )
    parser.add_argument("--type", metavar="T", help="attest: cyclonedx, spdx, vuln, slsaprovenance1, verdict, or a URI")
    parser.add_argument("--predicate", metavar="FILE", help="attest: the predicate, JSON; - is standard input")
    parser.add_argument("--replace", action="store_true", help="attest: drop our older attestations of this type")
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to the registry")
    parser.add_argument("--generate-key", metavar="PREFIX", help="make PREFIX.key and PREFIX.pub instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Sign, attest, or make keys; says what was done."""
    if args.generate_key:
        return _generate(args.generate_key)
    if not args.target or not args.key:
        raise UsageError("an image and a key are needed", "pratique sign TARGET --key FILE")
    if (args.type is None) != (args.predicate is None):
        raise UsageError("--type and --predicate belong together")
    if args.annotation and args.type:
        raise UsageError("annotations are for signatures", "put them into the predicate")
    _sign(args)
    return 0


def _sign(args: argparse.Namespace) -> None:
    from contextlib import ExitStack

    from pratique.attest.sign import Form, attest, sign_image
    from pratique.entrypoints.cli import key_files
    from pratique.registry.targets import open_target

    annotations = key_files.annotations(args.annotation)
    kind, predicate = _predicate(args)
    signer = key_files.signer(args.key)
    target = open_target(args.target, plain_http=args.plain_http)
    form = Form.BUNDLE if args.bundle else Form.TAG
    with ExitStack() as stack:
        if close := getattr(target.repository, "close", None):
            stack.callback(close)
        digest, name = target.repository.resolve(target.target).digest, target.repository.reference
        if kind:
            attest(target.repository, digest, kind, predicate, signer, name, form, args.replace)
        else:
            sign_image(target.repository, digest, signer, name, annotations, form)
    print(f"{'attested ' + kind + ' of' if kind else 'signed'} {name}@{digest} with key {signer.key_id}")


def _predicate(args: argparse.Namespace) -> tuple[str, bytes]:
    from pratique.attest.predicates import NAMES
    from pratique.entrypoints.cli import key_files

    if args.type is None:
        return "", b""
    kind = NAMES.get(args.type, args.type)
    if ":" not in kind:
        raise UsageError(f"not a predicate type: {kind[:80]!r}", f"a URI, or one of {', '.join(NAMES)}")
    return kind, key_files.read(args.predicate, _PREDICATE_LIMIT)


def _generate(prefix: str) -> int:
    import os

    from pratique.attest.keys import generate, load_public
    from pratique.entrypoints.cli import key_files

    private, public = Path(f"{prefix}.key"), Path(f"{prefix}.pub")
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path} is there already", "keys are not overwritten; choose another prefix")
    pair = generate(key_files.password(new=True))
    with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pair.private_pem)
    with public.open("xb") as file:
        file.write(pair.public_pem)
    print(f"made {private} and {public}, key {load_public(pair.public_pem).key_id}")
    return 0
