"""HTTP to registries: TLS, proxies, bounded retries, redirects that leave credentials behind."""

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import BaseHTTPResponse

from pratique.model.errors import InvalidData, PratiqueError, Unavailable
from pratique.registry.hosts import is_loopback, may_follow, redacted, same_origin, split
from pratique.registry.responses import BODY_LIMIT, failure, retry_after

RETRIED = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 5
_LONGEST_WAIT = 60.0  # seconds; whoever asks for more is Unavailable, with the wish in `retry_after`
_TIMEOUT = urllib3.Timeout(connect=10, read=60)  # seconds
_POOL = 8  # kept connections for each host


class Transport:
    """Sends requests. Thread-safe. `sleep` (seconds) and `now` (seconds since the epoch) are given for tests.

    `proxies` are the environment's; `retried` are the statuses after which a request is sent again.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        attempts: int = 5,
        proxies: bool = True,
        retried: frozenset[int] = RETRIED,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.attempts = attempts
        self._ca_file = ca_file
        self._proxies = proxies
        self._retried = retried
        self._sleep = sleep
        self._now = now
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        idempotent: bool = True,
    ) -> BaseHTTPResponse:
        """Send, follow redirects of GET and HEAD, and try again where that may help; the caller closes the response.

        A request that isn't idempotent is repeated only after 429. Other statuses than redirects come back as they are.
        Raises Unavailable once the attempts are used up, InvalidData (a broken redirect, an untrusted certificate).
        """
        for attempt in range(1, self.attempts + 1):
            last = attempt == self.attempts
            try:
                response = self._follow(method, url, dict(headers or {}), body)
            except Unavailable:
                if last or not idempotent:
                    raise
                self.pause(attempt)
                continue
            if response.status not in (self._retried if idempotent else self._retried & {429}):
                return response
            wait = retry_after(response.headers, self._now())
            if last or (wait is not None and wait > _LONGEST_WAIT):
                raise self.failure(method, url, response)
            response.close()
            self.pause(attempt, wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def pause(self, attempt: int, wait: float | None = None) -> None:
        """Sleep as long as was asked for, or exponentially longer each time, with jitter so that clients spread out."""
        backoff = min(0.25 * 2**attempt, _LONGEST_WAIT) * random.uniform(0.5, 1)  # noqa: S311 - no secret
        self._sleep(backoff if wait is None else wait + backoff / 10)

    def failure(self, method: str, url: str, response: BaseHTTPResponse) -> PratiqueError:
        """The error that an unwanted answer means; closes the response."""
        body = b""
        with suppress(HTTPError, OSError):
            body = response.read(BODY_LIMIT) or b""
        response.close()
        return failure(method, url, response.status, response.headers, body, self._now())

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.clear()
            self._pools.clear()

    def _follow(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> BaseHTTPResponse:
        for _ in range(_HOPS + 1):
            response = self._once(method, url, headers, body)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or method not in {"GET", "HEAD"} or not location:
                return response
            response.close()
            target = joined(url, location)
            if not same_origin(url, target):
                # Storage signs its URLs itself; our credentials are for the registry only.
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            url = target
        raise InvalidData(f"{redacted(url)}: more than {_HOPS} redirects")

    def _once(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> BaseHTTPResponse:
        try:
            return self._pool(url).request(
                method,
                url,
                body=body,
                headers={"User-Agent": "pratique", **headers},
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=_TIMEOUT,
            )
        except SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                hint = "give its certificate authority's file, or set SSL_CERT_FILE"
                raise InvalidData(f"{redacted(url)}: the server's certificate is not trusted", hint) from error
            raise Unavailable(f"{method} {redacted(url)}: {_words(error)}") from error
        except (HTTPError, OSError) as error:
            raise Unavailable(f"{method} {redacted(url)}: {_words(error)}", "is it running, and reachable?") from error

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = proxy_for(url) if self._proxies else ""
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = self._new_pool(proxy)
            return self._pools[proxy]

    def _new_pool(self, proxy: str) -> urllib3.PoolManager:
        context = ssl.create_default_context()  # the system's authorities; honours SSL_CERT_FILE
        if self._ca_file:
            try:
                context.load_verify_locations(self._ca_file)
            except (OSError, ssl.SSLError) as error:
                raise InvalidData(f"{self._ca_file} is not a file of certificates: {error}"[:300]) from error
        if proxy:
            return urllib3.ProxyManager(proxy, maxsize=_POOL, ssl_context=context)
        return urllib3.PoolManager(maxsize=_POOL, ssl_context=context)


def joined(url: str, location: str) -> str:
    """Where a Location header points, relative or absolute. Raises InvalidData, for a way from HTTPS to HTTP too."""
    try:
        target = urljoin(url, location)
    except ValueError:
        raise InvalidData(f"{redacted(url)} points to a broken URL") from None
    split(target)
    if not may_follow(url, target):
        raise InvalidData(f"{redacted(url)} points to {redacted(target)}", "from HTTPS to HTTP is refused")
    return target


def proxy_for(url: str) -> str:
    """The proxy that the environment wants (HTTP_PROXY, HTTPS_PROXY, NO_PROXY), or nothing; loopback needs none."""
    parts = split(url)
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    proxy = getproxies().get(parts.scheme, "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def _words(error: Exception) -> str:
    """The library's words without its objects' addresses."""
    text = str(error)
    return (text.rpartition(">: ")[2] if ">: " in text else text.rpartition("): ")[2] or text)[:200]
