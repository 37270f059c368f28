"""Arguments that several commands share, and how their values are read. Imports nothing heavy."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.model.advisory import Severity

Subparsers = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what add_subparsers gives

TARGETS = """\
TARGET is an image or something like one:
  docker://REGISTRY/REPOSITORY:TAG   in a registry (docker:// may be left out)
  oci:FOLDER[:TAG|@DIGEST]           an OCI layout
  oci-archive:FILE                   a tar of an OCI layout
  docker-archive:FILE                what `docker save` writes
  docker-daemon:NAME[:TAG]           an image that Docker keeps, over its socket
  podman:NAME[:TAG]                  an image that podman keeps, over its socket
  dir:FOLDER                         a root file system
  sbom:FILE                          an SBOM: CycloneDX, SPDX, or pratique's own JSON
  k8s:FILE_OR_FOLDER                 scan and check: every image in Kubernetes manifests
"""


KEYS = """\
A private key is a file, or
  env://NAME                           in an environment variable, PEM
  k8s://NAMESPACE/NAME                 in a Kubernetes secret, as `cosign generate-key-pair k8s://...` makes it
  azurekms://VAULT.vault.azure.net/KEY in an Azure Key Vault, which signs and never gives it away
"""


def add_command(subparsers: "Subparsers[argparse.ArgumentParser]", name: str, summary: str) -> argparse.ArgumentParser:
    """A command on targets, with the options that say which image is meant."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=TARGETS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="TARGET", help="what to look at; see below")
    add_reach(parser)
    return parser


def add_reach(parser: argparse.ArgumentParser) -> None:
    """Where the answer goes, and how targets may be reached."""
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to standard output")
    parser.add_argument(
        "--platform", metavar="OS/ARCH", help="which image of a multi-platform one; default: this machine's"
    )
    parser.add_argument("--offline", action="store_true", help="refuse targets that need the network")
    parser.add_argument("--plain-http", action="store_true", help="speak HTTP, not HTTPS, to the registry")


def add_keyless(parser: argparse.ArgumentParser) -> None:
    """Whose signatures without kept keys count: `--trusted-root` and cosign's `--certificate-...`."""
    group = parser.add_argument_group("signatures without kept keys (Sigstore), offline")
    group.add_argument("--trusted-root", metavar="FILE", help="Sigstore's trusted_root.json")
    group.add_argument("--certificate-identity", metavar="WHO", help="the signer: a mail address or a URI")
    group.add_argument("--certificate-identity-regexp", metavar="RE", help="or a pattern of the whole of it")
    group.add_argument("--certificate-oidc-issuer", metavar="URL", help="who vouched for the signer")
    group.add_argument("--certificate-oidc-issuer-regexp", metavar="RE", help="or a pattern of the whole of it")


def check_keyless(args: argparse.Namespace) -> None:
    """Refuse `--certificate-identity` and such without a trusted root. Raises UsageError."""
    from pratique.model.errors import UsageError

    given = (
        name for name, value in vars(args).items() if value and name.startswith(("certificate_i", "certificate_o"))
    )
    if not args.trusted_root and any(given):
        raise UsageError("--certificate-identity and --certificate-oidc-issuer are for --trusted-root")


def add_all_platforms(parser: argparse.ArgumentParser) -> None:
    """`--all-platforms`."""
    parser.add_argument("--all-platforms", action="store_true", help="look at every image of a multi-platform one")


def add_database(parser: argparse.ArgumentParser) -> None:
    """`--db FILE`."""
    parser.add_argument(
        "--db",
        metavar="FILE",
        help="the advisories (default: $PRATIQUE_DB, or pratique/advisories.db below $XDG_DATA_HOME or ~/.local/share)",
    )


def add_reports(parser: argparse.ArgumentParser) -> None:
    """`--with-report FILE`."""
    parser.add_argument(
        "--with-report",
        metavar="FILE",
        action="append",
        default=[],
        help="join another scanner's report on the same image (as pratique import reads it); repeatable",
    )
    parser.add_argument(
        "--key", metavar="PUB", action="append", default=[], help="look for signatures and statements by this key too"
    )


def severity(word: str) -> "Severity":
    """A severity by its word, in any case. Raises UsageError."""
    from pratique.model.advisory import Severity
    from pratique.model.errors import UsageError

    words = {each.word: each for each in sorted(Severity, reverse=True)}
    found = words.get(word.strip().lower())
    if found is None:
        raise UsageError(f"not a severity: {word[:40]!r}", f"one of {', '.join(words)}")
    return found


def severities(lists: Sequence[str]) -> "frozenset[Severity]":
    """Severities as users list them: `high,critical`, once or more often."""
    return frozenset(severity(word) for words in lists for word in words.split(","))
