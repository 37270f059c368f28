"""`pratique serve`: the loop for a registry and a cluster, until it is told to stop."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.entrypoints.cli import options

if TYPE_CHECKING:
    from pratique.admit.register import Service
    from pratique.entrypoints.api.service import Address, Gate, Hooks, Polling, Webhook
    from pratique.model.reference import Reference
    from pratique.remediate.definition import BuildDefinition
    from pratique.wiring.loops import Settings

_WEBHOOK_OPTIONS = ("--webhook-url", "--webhook-service", "--only-namespaces")
_GATE_OPTIONS = ("--admission-policy", "--tls-cert", "--tls-key", *_WEBHOOK_OPTIONS)


def add(subparsers: "options.Subparsers[argparse.ArgumentParser]") -> None:
    """Add the command's arguments."""
    parser = subparsers.add_parser(
        "serve",
        help="run the loop: watch a registry, heal images, guard a cluster",
        description="Watch registries, scan and judge what is pushed, heal what is built on it, sign, admit, roll out.",
    )
    parser.add_argument("--state", metavar="DIR", required=True, help="where everything is remembered")
    options.add_database(parser)
    parser.add_argument("--policy", metavar="FILE", help="what makes an image unfit (default: built in)")
    parser.add_argument(
        "--key", metavar="FILE", help="the private key to sign with; its password: PRATIQUE_KEY_PASSWORD"
    )
    parser.add_argument("--trust", metavar="PUB", action="append", default=[], help="another public key that counts")
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP to registries; loopback needs no leave")
    watch = parser.add_argument_group("registries")
    watch.add_argument("--registry", metavar="HOST", action="append", default=[], help="take its notifications")
    watch.add_argument("--hooks", metavar="HOST:PORT", default="127.0.0.1:8480", help="listen there for them")
    watch.add_argument("--hook-token", metavar="FILE", help="notifications must carry this token (Bearer)")
    watch.add_argument(
        "--vouch-for", metavar="REPOSITORY", action="append", default=[], help="attest what is pushed there"
    )
    watch.add_argument(
        "--build",
        metavar="IMAGE=DIR",
        action="append",
        default=[],
        help="rebuild IMAGE from DIR's Dockerfile or task file (acb.yaml, acr-task.yaml, task.yaml), by buildah",
    )
    watch.add_argument(
        "--watch", metavar="IMAGE", action="append", default=[], help="ask for this tag too; bases are asked for anyway"
    )
    watch.add_argument("--watch-every", metavar="SECONDS", type=float, default=300.0, help="how often (300)")
    cluster = parser.add_argument_group("cluster")
    where = cluster.add_mutually_exclusive_group()
    where.add_argument("--kubeconfig", metavar="FILE", help="roll out there")
    where.add_argument("--in-cluster", action="store_true", help="roll out in the cluster that we run in")
    cluster.add_argument("--deadline", metavar="SECONDS", type=float, default=300.0, help="for each rollout (300)")
    gate = parser.add_argument_group("admission")
    gate.add_argument("--admission", metavar="HOST:PORT", help="serve the admission webhook there, over HTTPS")
    gate.add_argument("--admission-policy", metavar="FILE", help="what an image must show to run (default: strict)")
    gate.add_argument("--tls-cert", metavar="FILE", help="its certificate (default: self-made)")
    gate.add_argument("--tls-key", metavar="FILE", help="its private key")
    gate.add_argument("--register", metavar="NAME", help="register the webhook in the cluster under this name")
    gate.add_argument("--webhook-url", metavar="URL", help="as the API server reaches it")
    gate.add_argument("--webhook-service", metavar="NAMESPACE/NAME", help="or the Service in front of it")
    gate.add_argument("--only-namespaces", metavar="LABEL=VALUE", help="guard only namespaces with this label")
    gate.add_argument(
        "--probe-namespace", metavar="NAME", default="default", help="a guarded namespace, to try it (default)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    from pratique.entrypoints.api.service import serve

    _check(args)
    gate = _gate(args) if args.admission else None
    serve(_settings(args), _hooks(args), gate, dict(_definition(text) for text in args.build), _polling(args))
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what would silently serve less than was asked for. Raises UsageError."""
    from pratique.model.errors import UsageError

    given = {f"--{name.replace('_', '-')}": value for name, value in vars(args).items()}
    for option, value in given.items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise UsageError(f"{option} is empty", "is it from a variable that isn't set?")
    for option in (
        (*_GATE_OPTIONS, "--register") if not args.admission else _WEBHOOK_OPTIONS if not args.register else ()
    ):
        if given[option]:
            needed = "--admission" if not args.admission else "--register"
            raise UsageError(f"{option} does nothing without {needed}", f"give {needed} too, or leave it out")
    if not 0 < args.deadline < float("inf"):
        raise UsageError(f"--deadline {args.deadline:g} is no time to wait", "give seconds, more than none")


def _place(text: str, option: str) -> str:
    """A registry or a repository in it, as references name it: `docker.io/shop` for `shop`. Raises UsageError."""
    from pratique.model.errors import UsageError
    from pratique.model.reference import Reference

    try:
        return Reference.parse(f"{text}/x/y").name.removesuffix("/x/y")
    except UsageError:
        raise UsageError(
            f"not a place in a registry: {option} {text[:100]!r}", "write it as HOST[:PORT]/PATH"
        ) from None


def _registry(text: str) -> str:
    from pratique.model.errors import UsageError

    if "/" in text or _place(text, "--registry") != text:
        raise UsageError(f"not a registry: {text[:100]!r}", "write it as HOST or HOST:PORT, without https://")
    return text


def _settings(args: argparse.Namespace) -> "Settings":
    from pratique.wiring import scans
    from pratique.wiring.loops import Settings

    kubeconfig = "" if args.in_cluster else args.kubeconfig
    return Settings(
        state=Path(args.state),
        advisories=scans.database(args.db),
        policy=Path(args.policy) if args.policy else None,
        key=Path(args.key) if args.key else None,
        verification_keys=tuple(Path(path) for path in args.trust),
        plain_http=args.plain_http,
        kubeconfig=kubeconfig,
        build=bool(args.build),
        vouch_for=tuple(_place(text, "--vouch-for") for text in args.vouch_for),
        deadline=args.deadline,
    )


def _hooks(args: argparse.Namespace) -> "Hooks":
    from pratique.entrypoints.api.service import Hooks
    from pratique.model.errors import UsageError
    from pratique.wiring import scans

    token = scans.read_file(args.hook_token).decode(errors="replace").strip() if args.hook_token else ""
    if args.hook_token and not (token.isascii() and token.isprintable() and token):
        raise UsageError(f"no token in {args.hook_token[:300]}", "it must be a line of printable ASCII characters")
    return Hooks(_address(args.hooks), tuple(map(_registry, args.registry)), token)


def _polling(args: argparse.Namespace) -> "Polling":
    from pratique.entrypoints.api.service import Polling
    from pratique.model.errors import UsageError
    from pratique.model.reference import Reference

    if not args.watch_every >= 1:
        raise UsageError(f"--watch-every {args.watch_every:g} is too often", "give a second or more")
    return Polling(tuple(Reference.parse(text) for text in args.watch), args.watch_every)


def _gate(args: argparse.Namespace) -> "Gate":
    from pratique.admit import policy_file
    from pratique.admit.policy import AdmissionPolicy
    from pratique.entrypoints.api.service import Gate
    from pratique.model.errors import UsageError
    from pratique.wiring import scans

    if bool(args.tls_cert) != bool(args.tls_key):
        raise UsageError("--tls-cert and --tls-key belong together", "give both or neither")
    path = args.admission_policy
    policy = policy_file.parse(scans.read_file(path), path) if path else AdmissionPolicy()
    return Gate(
        address=_address(args.admission),
        policy=policy,
        certificate=Path(args.tls_cert) if args.tls_cert else None,
        key=Path(args.tls_key) if args.tls_key else None,
        webhook=_webhook(args) if args.register else None,
    )


def _webhook(args: argparse.Namespace) -> "Webhook":
    from pratique.entrypoints.api.service import Webhook

    label, _, value = (args.only_namespaces or "").partition("=")
    return Webhook(
        name=args.register,
        url=args.webhook_url or "",
        service=_service(args.webhook_service) if args.webhook_service else None,
        only_labelled={label: value} if label else {},
        probe_namespace=args.probe_namespace,
    )


def _service(text: str) -> "Service":
    from pratique.admit.register import Service
    from pratique.model.errors import UsageError

    namespace, slash, name = text.partition("/")
    if not slash or not namespace or not name:
        raise UsageError(f"not a Service: {text[:100]!r}", "write it as NAMESPACE/NAME")
    return Service(namespace, name)


def _address(text: str) -> "Address":
    from pratique.entrypoints.api.service import Address
    from pratique.model.errors import UsageError

    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"not an address to listen on: {text[:100]!r}", "write it as HOST:PORT, as in 127.0.0.1:8480")
    return Address(host.strip("[]"), int(port))


def _definition(text: str) -> "tuple[Reference, BuildDefinition]":
    from pratique.model.errors import UsageError
    from pratique.model.reference import Reference
    from pratique.remediate.definition import BuildDefinition
    from pratique.remediate.tasks.files import find_task_file

    image, equals, folder = text.partition("=")
    context = Path(folder)
    file = context / "Dockerfile" if (context / "Dockerfile").is_file() else find_task_file(context)
    if not equals or file is None:
        raise UsageError(
            f"not a build: {text[:200]!r}", "write it as IMAGE=DIR, where DIR has a Dockerfile or a task file"
        )
    return Reference.parse(image), BuildDefinition(file.resolve(), context.resolve())
