"""What a registry's error answer means (distribution-spec, "Error Codes"): one of our fates, with its own code kept."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

import msgspec

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable
from pratique.registry.hosts import redacted

BODY_LIMIT = 64 * 1024  # bytes of an error's body that we read
_TEXT_LIMIT = 200  # characters of it that we show
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\uffff]+")


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[_Error, ...] = ()


def failure(method: str, url: str, status: int, headers: Mapping[str, str], body: bytes, now: float) -> PratiqueError:
    """The error for an answer that isn't the wanted one. `now` is in seconds since the epoch."""
    what = f"{method} {redacted(url)}: {status} {_said(body)}".rstrip()
    if status == 404:
        return NotFound(what)
    if status in {401, 403}:
        return Refused(what, "it may not exist, or wants a login: `docker login`, `skopeo login` or `az acr login`")
    if status in {408, 425, 429} or status >= 500:
        return Unavailable(what, "try again later", retry_after=retry_after(headers, now))
    return InvalidData(what)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The wait in seconds that Retry-After asks for, as seconds or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _said(body: bytes) -> str:
    """The first error in the registry's JSON, or the first words of whatever it sent."""
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
        text = f"{errors[0].code}: {errors[0].message}".strip(": ") if errors else ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = "" if body.lstrip().startswith(b"<") else body[: 4 * _TEXT_LIMIT].decode(errors="replace")
    return _UNPRINTABLE.sub(" ", text).strip()[:_TEXT_LIMIT]
