"""What a token says about itself (RFC 7519), read only to know how long it is good and what for: never to trust it."""

import base64
import binascii
from collections.abc import Iterable, Iterator

import msgspec

_LIMIT = 256 * 1024  # characters


class Access(msgspec.Struct, frozen=True):
    """One line of the `access` claim (distribution's token specification)."""

    type: str = ""
    name: str = ""
    actions: tuple[str, ...] = ()


class Claims(msgspec.Struct, frozen=True):
    """Seconds since the epoch by the server's clock, and what was granted; None where the token doesn't say."""

    exp: float | None = None
    iat: float | None = None
    access: tuple[Access, ...] | None = None


def claims(token: str) -> Claims:
    """A token's claims; none of them where it isn't such a token, as those of other registries need not be."""
    parts = token[:_LIMIT].split(".")
    if len(parts) != 3:
        return Claims()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=Claims)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        return Claims()


def lifetime(said: Claims, now: float) -> float | None:
    """Seconds from its issue to its end, both by the server's clock, so that ours may be wrong.

    Without an `iat` from `now` (seconds since the epoch) on. None where it doesn't end, or has ended.
    """
    if said.exp is None:
        return None
    life = said.exp - (now if said.iat is None else said.iat)
    return life if 0 < life < float("inf") else None


def narrowed(asked: Iterable[str], said: Claims) -> str:
    """In words, which of the scopes that we asked for (`repository:app:pull,push`) were not granted; else nothing."""
    if said.access is None:
        return ""
    missing = [f"{scope} (granted: {','.join(had) or 'nothing'})" for scope, had in _short(asked, said.access)]
    return "the registry's token does not allow " + "; ".join(missing)[:400] if missing else ""


def _short(asked: Iterable[str], access: tuple[Access, ...]) -> Iterator[tuple[str, list[str]]]:
    for scope in asked:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        had = {action for line in access if (line.type, line.name) == (kind, name) for action in line.actions}
        if "*" not in had and not had.issuperset(actions.split(",")):
            yield scope, sorted(had)
