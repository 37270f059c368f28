"""Requests to one registry: base URL, login for each scope, errors by fate."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from pratique.model.errors import InvalidData, PratiqueError, Refused, Unavailable
from pratique.model.reference import Reference
from pratique.registry.auth import Authenticator
from pratique.registry.credentials import FindsCredentials
from pratique.registry.hosts import base_url, redacted, same_origin
from pratique.registry.transport import Transport, joined


class Client:
    """Speaks to one registry. Thread-safe."""

    def __init__(
        self, registry: str, transport: Transport, credentials: FindsCredentials, plain_http: bool | None
    ) -> None:
        self.base = base_url(registry, plain_http)
        self.transport = transport
        self.no_referrers_until = 0.0  # by the monotonic clock: when to ask again whether there is a referrers API
        self._authenticator = Authenticator(transport, credentials, plain_http=self.base.startswith("http:"))

    @contextmanager
    def request(
        self,
        method: str,
        location: str,
        reference: Reference,
        *,
        wanted: Collection[int],
        scopes: frozenset[str],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        idempotent: bool = True,
    ) -> Iterator[BaseHTTPResponse]:
        """The response, when its status is a wanted one; closed at the end.

        `location` is a path below the base, or a whole URL: elsewhere than the registry it gets no credentials.
        Raises NotFound, Refused, Unavailable, InvalidData.
        """
        url = joined(self.base, location)
        response = self._authorized(method, url, reference, scopes, dict(headers or {}), body, idempotent)
        if response.status not in wanted:
            raise self._advised(self.transport.failure(method, url, response), scopes)
        try:
            yield response
        except (HTTPError, OSError) as error:
            raise Unavailable(f"{method} {redacted(url)}: the answer broke off") from error
        finally:
            response.close()

    def _advised(self, error: PratiqueError, scopes: frozenset[str]) -> PratiqueError:
        advice = self._authenticator.advice(scopes) if isinstance(error, Refused) else ""
        return Refused(error.what, advice) if advice else error

    def _authorized(
        self,
        method: str,
        url: str,
        reference: Reference,
        scopes: frozenset[str],
        headers: dict[str, str],
        body: bytes | None,
        idempotent: bool,
    ) -> BaseHTTPResponse:
        if not same_origin(self.base, url):
            return self.transport.send(method, url, headers, body, idempotent=idempotent)
        sent = self._authenticator.header(scopes, reference)
        response = self.transport.send(method, url, headers | _authorization(sent), body, idempotent=idempotent)
        if response.status != 401:
            return response
        # Several challenges may come as several headers; urllib3 joins them with commas, as RFC 9110 allows.
        challenge = response.headers.get("WWW-Authenticate", "")
        try:
            better = self._authenticator.challenged(challenge, sent, scopes, reference)
        except BaseException:
            response.close()
            raise
        if better is None:
            return response
        response.close()
        return self.transport.send(method, url, headers | _authorization(better), body, idempotent=idempotent)


def read_bounded(response: BaseHTTPResponse, limit: int, name: str) -> bytes:
    """All of a body. Raises InvalidData when it is longer than `limit` bytes, whatever its headers say."""
    chunks: list[bytes] = []
    left = limit + 1
    while left > 0 and (chunk := response.read(min(left, 1024 * 1024))):
        chunks.append(chunk)
        left -= len(chunk)
    if left <= 0:
        raise InvalidData(f"{name}: the answer is longer than {limit} bytes")
    return b"".join(chunks)


def _authorization(header: str | None) -> dict[str, str]:
    return {"Authorization": header} if header else {}
