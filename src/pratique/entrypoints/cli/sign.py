"""`pratique sign`: sign an image as cosign or notation does, attest to it, or make the keys for it."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from pratique.attest.keys import Signs
    from pratique.model.digest import Digest
    from pratique.registry.repository import Repository

_PREDICATE_LIMIT = 24 * 1024 * 1024  # bytes; in base64 it must stay below what verifiers read


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "sign an image as cosign or notation does, or attest to it"
    parser = subparsers.add_parser(
        "sign",
        help=summary,
        description="Sign an image in cosign's or notation's formats, or attest to it in cosign's. The password of an\n"
        "encrypted key is in $COSIGN_PASSWORD.",
        epilog=options.KEYS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="TARGET", nargs="?", help="an image in a registry, or oci:FOLDER")
    parser.add_argument(
        "--key", metavar="FILE", help="the private key: cosign's file, plain PEM, or where it is (see below)"
    )
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
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="a multi-platform image: sign the images in it too"
    )
    notation = parser.add_argument_group("Notary Project signatures (notation, Ratify, AKS Image Integrity)")
    notation.add_argument("--notation", action="store_true", help="sign as notation does")
    notation.add_argument("--certificate-chain", metavar="FILE", help="the key's certificate and its issuers, PEM")
    notation.add_argument("--envelope", choices=("jws", "cose"), help="the signature's form; default: jws")
    notation.add_argument("--expires-in", metavar="AGE", help="how long it counts: 12h, 90d; default: for ever")
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
    _check_notation(args)
    _sign(args)
    return 0


def _check_notation(args: argparse.Namespace) -> None:
    if args.notation:
        if not args.certificate_chain:
            raise UsageError("--notation needs --certificate-chain", "the key's certificate and its issuers, PEM")
        if args.type or args.bundle:
            raise UsageError("--notation signs images", "attestations and bundles are cosign's")
    elif args.certificate_chain or args.envelope or args.expires_in:
        raise UsageError("--certificate-chain, --envelope and --expires-in are for --notation")


def _sign(args: argparse.Namespace) -> None:
    from contextlib import ExitStack, closing

    from pratique.attest.recursive import whole
    from pratique.entrypoints.cli import key_files
    from pratique.registry.targets import open_target

    with ExitStack() as stack:
        signer = stack.enter_context(key_files.open_signer(args.key))
        act, what = _act(args, signer)
        target = stack.enter_context(closing(open_target(args.target, plain_http=args.plain_http or None)))
        digest, name = target.repository.resolve(target.target).digest, target.repository.reference
        for each in whole(target.repository, digest) if args.recursive else (digest,):
            act(target.repository, each)
            print(f"{what} {name}@{each} with key {signer.key_id}")


def _act(args: argparse.Namespace, signer: "Signs") -> "tuple[Callable[[Repository, Digest], object], str]":
    """What is done to each manifest, and the words for it; all that can be wrong with the request is found here."""
    from pratique.attest.sign import Form, attest, sign_image
    from pratique.entrypoints.cli import key_files

    annotations = key_files.annotations(args.annotation)
    form = Form.BUNDLE if args.bundle else Form.TAG
    if args.notation:
        return _notation(args, signer, annotations), "signed"
    kind, predicate = _predicate(args)
    if kind:
        return (
            lambda repository, digest: attest(
                repository, digest, kind, predicate, signer, repository.reference, form, args.replace
            ),
            f"attested {kind} of",
        )
    return (
        lambda repository, digest: sign_image(repository, digest, signer, repository.reference, annotations, form),
        "signed",
    )


def _notation(
    args: argparse.Namespace, signer: "Signs", annotations: dict[str, str]
) -> "Callable[[Repository, Digest], object]":
    from pratique.attest.notation.sign import Identity, Kind, sign_image
    from pratique.entrypoints.cli import key_files

    identity = Identity(signer, key_files.read(args.certificate_chain))
    kind, now, expires_in = Kind(args.envelope or Kind.JWS), key_files.clock(), key_files.age(args.expires_in)
    return lambda repository, digest: sign_image(
        repository, digest, identity, now, kind=kind, annotations=annotations, expires_in=expires_in
    )


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
