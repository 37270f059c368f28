"""`pratique admit review|serve|certificate`: the gate of a cluster, for one saved request or as a webhook."""

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options
from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from pratique.admit.facts import FactsFinder
    from pratique.admit.policy import AdmissionPolicy
    from pratique.attest.keyless.verify import Proofs as KeylessProofs
    from pratique.attest.notation.verify import Proofs as NotationProofs

_DENIED = 1
_POLICY_LIMIT = 1024 * 1024  # bytes


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    summary = "decide which images may run in a cluster (admission webhook)"
    parser = subparsers.add_parser("admit", help=summary, description=summary[:1].upper() + summary[1:] + ".")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    review = verbs.add_parser("review", help="answer a saved AdmissionReview; exit 1 when it is denied")
    review.add_argument("file", metavar="FILE", help="an AdmissionReview, JSON; - is standard input")
    review.add_argument("--offline", action="store_true", help="ask no registry: every image is unknown")
    review.add_argument("--mutate", action="store_true", help="answer as the mutating webhook: pin tags to digests")
    review.set_defaults(run=run_review)
    serve = verbs.add_parser("serve", help="serve /validate, /mutate, /healthz and /readyz over HTTPS")
    serve.add_argument("--host", default="0.0.0.0", help="default: all addresses")  # noqa: S104 - a webhook in a pod
    serve.add_argument("--port", type=int, default=8443, help="default: 8443")
    serve.add_argument("--certificate", metavar="FILE", required=True, help="PEM; read again when it changes")
    serve.add_argument("--private-key", metavar="FILE", required=True, help="PEM")
    serve.set_defaults(run=run_serve)
    for each in (review, serve):
        _add_trust(each)
    certificate = verbs.add_parser("certificate", help="make a CA and a server certificate: ca.crt, tls.crt, tls.key")
    certificate.add_argument("name", metavar="NAME", nargs="+", help="DNS name or IP address, as SERVICE.NAMESPACE.svc")
    certificate.add_argument("--folder", metavar="FOLDER", required=True, help="where to")
    certificate.add_argument("--days", type=int, default=365, help="default: 365")
    certificate.set_defaults(run=run_certificate)


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", metavar="FILE", help="the admission policy; default: signed, and a verdict")
    parser.add_argument("--key", metavar="PUB", action="append", default=[], help="a public key; repeatable")
    parser.add_argument("--trust-policy", metavar="FILE", help="notation's, for its signatures to count too")
    parser.add_argument("--trust-store", metavar="FOLDER", help="notation's; default: beside the trust policy")
    options.add_keyless(parser)
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to registries")
    parser.add_argument("--budget", metavar="S", type=float, default=3.0, help="seconds for an answer; default: 3")


def run_review(args: argparse.Namespace) -> int:
    """Answer one review; exit 1 when denied."""
    from pratique.admit import pin, review
    from pratique.admit.decide import decide, needed, uses_to_check
    from pratique.entrypoints.cli import key_files, output

    policy = _policy(args)
    request = review.parse(key_files.read(args.file, review.MAX_BODY))
    images = needed(request, policy)
    with ExitStack() as stack:
        facts = {} if args.offline else _finder(args, stack).find(images, args.budget)
        decision = decide(request, policy, facts, output.now())
    patch = pin.patch(uses_to_check(request, policy), decision.pins) if args.mutate and decision.pins else None
    print(review.respond(request.uid, decision, patch).decode())
    return 0 if decision.allowed else _DENIED


def run_serve(args: argparse.Namespace) -> int:
    """Serve until told to stop."""
    import ssl
    from pathlib import Path

    from pratique.admit.server import Decider, application, serve

    if not (args.key or args.trust_policy or args.trusted_root):
        hint = "give one with --key, --trust-policy or --trusted-root"
        raise UsageError("a gate needs a public key, a trust policy or a trusted root", hint)
    policy = _policy(args)
    with ExitStack() as stack:
        decider = Decider(policy, _finder(args, stack), budget=args.budget)
        try:
            serve(application(decider), args.host, args.port, Path(args.certificate), Path(args.private_key))
        except ssl.SSLError as error:
            reason = f"{error.reason or error}"
            raise UsageError(f"{args.certificate} and {args.private_key} don't make a pair", reason) from None
    return 0


def run_certificate(args: argparse.Namespace) -> int:
    """Make the files."""
    from pathlib import Path

    from pratique.admit import certificates
    from pratique.entrypoints.cli import output

    if not 1 <= args.days <= 3650:
        raise UsageError(f"{args.days} days", "a certificate lives 1 to 3650 days")
    certificates.write(Path(args.folder), certificates.issue(args.name, output.now(), args.days))
    print(f"wrote ca.crt, tls.crt and tls.key in {args.folder}")
    return 0


def _policy(args: argparse.Namespace) -> "AdmissionPolicy":
    from pratique.admit import policy_file
    from pratique.admit.policy import AdmissionPolicy
    from pratique.entrypoints.cli import key_files

    return (
        policy_file.parse(key_files.read(args.policy, _POLICY_LIMIT), args.policy) if args.policy else AdmissionPolicy()
    )


def _finder(args: argparse.Namespace, stack: ExitStack) -> "FactsFinder":
    from pratique.admit.facts import FactsFinder
    from pratique.attest.proofs import AnyProofs
    from pratique.attest.verify import Proofs
    from pratique.entrypoints.cli import key_files
    from pratique.registry.remote import RemoteRegistry

    proofs = AnyProofs((Proofs(key_files.verifiers(args.key)), *_notation_proofs(args), *_keyless_proofs(args)))
    registry = stack.enter_context(RemoteRegistry(plain_http=args.plain_http or None, attempts=2))
    return stack.enter_context(FactsFinder(registry, proofs))


def _notation_proofs(args: argparse.Namespace) -> "tuple[NotationProofs, ...]":
    from pratique.entrypoints.cli import key_files

    if not args.trust_policy:
        if args.trust_store:
            raise UsageError("--trust-store is for --trust-policy")
        return ()
    from pratique.attest.notation.verify import Proofs

    return (Proofs(*key_files.trust(args.trust_policy, args.trust_store), key_files.clock),)


def _keyless_proofs(args: argparse.Namespace) -> "tuple[KeylessProofs, ...]":
    from pratique.entrypoints.cli import key_files

    options.check_keyless(args)
    if not args.trusted_root:
        return ()
    from pratique.attest.keyless.verify import Proofs

    return (Proofs(*key_files.keyless(args)),)
