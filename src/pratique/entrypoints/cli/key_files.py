"""Key files and passwords for the commands that sign and verify."""

import argparse
import getpass
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.errors import NotFound, UsageError

if TYPE_CHECKING:
    from pratique.attest.keyless.identity import Identity
    from pratique.attest.keyless.trusted_root import TrustedRoot
    from pratique.attest.keys import Signs, Verifier
    from pratique.attest.notation.trust_policy import TrustPolicy

_KEY_LIMIT = 64 * 1024  # bytes
_POLICY_LIMIT = 1024 * 1024  # bytes
_ROOT_LIMIT = 4 * 1024 * 1024  # bytes


def read(path: str, limit: int = _KEY_LIMIT) -> bytes:
    """A file's bytes, or standard input's for `-`. Raises NotFound, UsageError (unreadable, or above `limit` bytes)."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(limit + 1)
    except FileNotFoundError:
        raise NotFound(f"no such file: {path[:300]}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path[:300]}", getattr(error, "strerror", None) or str(error)) from None
    if len(data) > limit:
        raise UsageError(f"cannot use {path[:300]}", f"it has more than {limit} bytes")
    return data


def password(*, new: bool = False) -> bytes:
    """The key's password: `$COSIGN_PASSWORD` or `$PRATIQUE_KEY_PASSWORD`, else asked for at a terminal, else empty."""
    for name in ("COSIGN_PASSWORD", "PRATIQUE_KEY_PASSWORD"):
        if name in os.environ:
            return os.environ[name].encode()
    if not sys.stdin.isatty():
        return b""
    first = getpass.getpass("Password of the private key: ")
    if new and getpass.getpass("Again: ") != first:
        raise UsageError("the two passwords differ", "try again")
    return first.encode()


@contextmanager
def open_signer(where: str) -> "Iterator[Signs]":
    """The private key in a file, or where else `options.KEYS` says that it may be.

    Raises UsageError, NotFound, InvalidData, and what a vault raises.
    """
    from pratique.wiring import keys

    with keys.open_signer(where, read, password) as found:
        yield found


def trust(policy: str, store: str | None) -> "tuple[TrustPolicy, Path]":
    """Notation's trust policy in a file, and its trust store: by default beside the policy, as notation has it.

    Raises UsageError, NotFound.
    """
    from pratique.attest.notation.trust_policy import parse

    return parse(read(policy, _POLICY_LIMIT), policy), Path(store or Path(policy).parent)


def keyless(args: argparse.Namespace) -> "tuple[TrustedRoot, Identity]":
    """What `options.add_keyless` asked for. Raises UsageError, NotFound."""
    from pratique.attest.keyless import trusted_root
    from pratique.attest.keyless.identity import Identity

    identity = Identity(
        args.certificate_identity or "",
        args.certificate_oidc_issuer or "",
        args.certificate_identity_regexp or "",
        args.certificate_oidc_issuer_regexp or "",
    )
    return trusted_root.parse(read(args.trusted_root, _ROOT_LIMIT), args.trusted_root), identity


def clock() -> datetime:
    """The time by which certificates are valid: the machine's own, for no variable may make an expired one valid."""
    return datetime.now(UTC)


def age(text: str | None) -> timedelta | None:
    """A time to live such as `90m`, `12h` or `7d`. Raises UsageError."""
    from pratique.admit.policy import parse_age

    if text is None:
        return None
    found = parse_age(text)
    if found is None:
        raise UsageError(f"not an age: {text[:40]!r}", "write it as 90m, 12h or 7d")
    return found


def verifiers(paths: Sequence[str]) -> "tuple[Verifier, ...]":
    """The public keys in files, or where else they may be. Raises as `open_signer`."""
    from pratique.wiring import keys

    return tuple(keys.verifier(path, read) for path in paths)


def annotations(pairs: Sequence[str]) -> dict[str, str]:
    """`key=value` arguments. Raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise UsageError(f"not an annotation: {pair[:80]!r}", "write it as key=value")
        found[key] = value
    return found
