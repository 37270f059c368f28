"""What Entra, IMDS and ACR answer with: a token, or an error that must not repeat a secret."""

from collections.abc import Iterable
from typing import Annotated, TypeVar

import msgspec
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from pratique.model.errors import InvalidData, Unavailable
from pratique.registry.client import read_bounded
from pratique.registry.hosts import redacted

_LIMIT = 256 * 1024  # bytes
_SHOWN = 240  # characters of a reason
_LEAST_LIFE = 60.0  # seconds
_T = TypeVar("_T")


class EntraToken(msgspec.Struct, frozen=True):
    """Entra's answer, and IMDS's, which writes its numbers as strings."""

    access_token: Annotated[str, msgspec.Meta(min_length=1)]
    expires_in: str | float = 0

    @property
    def life(self) -> float:
        """Seconds that it is good for."""
        try:
            return min(max(float(self.expires_in), _LEAST_LIFE), 86400.0)
        except ValueError:
            return _LEAST_LIFE

    def __repr__(self) -> str:
        return "EntraToken(...)"


class _Problem(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


def read(response: BaseHTTPResponse, url: str, kind: type[_T]) -> _T:
    """The answer's JSON; closes the response. Raises InvalidData, which shows nothing of it, and Unavailable."""
    try:
        return msgspec.json.decode(body(response, url), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidData(f"{redacted(url)} did not answer with a token") from None


def reason(response: BaseHTTPResponse, url: str, secrets: Iterable[str]) -> str:
    """OAuth's error in one line (RFC 6749, 5.2), without the secrets that we sent; closes the response."""
    try:
        problem = msgspec.json.decode(body(response, url), type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, InvalidData):
        return ""
    first_line = problem.error_description.partition("\n")[0]
    text = f"{problem.error}: {first_line}".strip(": \r")
    for secret in filter(None, secrets):
        text = text.replace(secret, "...")
    return "".join(char if char.isprintable() else " " for char in text)[:_SHOWN]


def body(response: BaseHTTPResponse, url: str) -> bytes:
    """All of an answer, bounded; closes the response. Raises InvalidData, Unavailable."""
    try:
        return read_bounded(response, _LIMIT, redacted(url))
    except (HTTPError, OSError) as error:
        raise Unavailable(f"{redacted(url)}: the answer broke off") from error
    finally:
        response.close()
