"""Key files and passwords for the commands that sign and verify."""

import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.errors import NotFound, UsageError

if TYPE_CHECKING:
    from pratique.attest.keys import Signer, Verifier

_KEY_LIMIT = 64 * 1024  # bytes


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


def signer(path: str) -> "Signer":
    """The private key in a file, opened. Raises UsageError, NotFound, InvalidData."""
    from pratique.attest.key_file import asks_for_password
    from pratique.attest.keys import load_private

    data = read(path)
    return load_private(data, password() if asks_for_password(data) else b"")


def verifiers(paths: Sequence[str]) -> "tuple[Verifier, ...]":
    """The public keys in files. Raises UsageError, NotFound, InvalidData."""
    from pratique.attest.keys import load_public

    return tuple(load_public(read(path)) for path in paths)


def annotations(pairs: Sequence[str]) -> dict[str, str]:
    """`key=value` arguments. Raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise UsageError(f"not an annotation: {pair[:80]!r}", "write it as key=value")
        found[key] = value
    return found
