"""The one place where advisories come over the network: a URL streamed to a file, with limits."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import urllib3

_CHUNK = 1 << 20
_CONNECT, _READ = 10.0, 60.0  # seconds
_TRIES = 3
_REDIRECTS = 5


def is_url(location: str) -> bool:
    """Whether a location is to be fetched."""
    return location.startswith(("https://", "http://"))


def download(url: str, target: BinaryIO, limit: int) -> None:
    """Write what `url` answers to `target`, at most `limit` bytes.

    Raises NotFound (404, 410), Refused (401, 403), Unavailable (anything that may pass) and InvalidData (over the
    limit).
    """
    import urllib3

    size = 0
    try:
        with _response(url) as response:
            _check(url, response)
            for chunk in response.stream(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise InvalidData(f"too large: {url}", f"an advisory file has at most {limit:,} bytes")
                target.write(chunk)
    except urllib3.exceptions.LocationValueError as error:
        raise NotFound(f"not a URL that can be fetched: {url}", str(error)[:200]) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unavailable(f"cannot fetch {url}", str(error)[:200]) from error
    target.flush()


@contextmanager
def _response(url: str) -> "Iterator[urllib3.BaseHTTPResponse]":
    import urllib3

    retries = urllib3.Retry(
        total=_TRIES + _REDIRECTS,
        connect=_TRIES,
        read=_TRIES,
        redirect=_REDIRECTS,
        status=0,
        other=0,
        backoff_factor=0.2,
    )
    with _manager(url) as manager:
        timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
        response = manager.request("GET", url, preload_content=False, retries=retries, timeout=timeout)
        try:
            yield response
        finally:
            response.close()


def _manager(url: str) -> "urllib3.PoolManager":
    """Through the proxy that the environment names for this host, if it names one."""
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    parts = urllib3.util.parse_url(url)
    proxy = getproxies().get(parts.scheme or "")
    if proxy and not proxy_bypass(parts.host or ""):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()


def _check(url: str, response: "urllib3.BaseHTTPResponse") -> None:
    if url.startswith("https:") and (response.geturl() or url).startswith("http:"):
        raise Refused(
            f"sent from https to plain http: {url}", "give the location that it redirects to, if you trust it"
        )
    if response.status == 200:
        return
    fates: dict[int, type[PratiqueError]] = {404: NotFound, 410: NotFound, 401: Refused, 403: Refused}
    fate = fates.get(response.status, Unavailable)
    raise fate(f"the answer was {response.status} {response.reason or ''}".rstrip() + f": {url}")
