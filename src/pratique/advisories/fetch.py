"""The one place where advisories come over the network: a URL streamed to a file, with limits."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import urllib3

_CHUNK = 1 << 16  # bytes; what broke off loses at most one
_CONNECT, _READ = 10.0, 60.0  # seconds
_TRIES = 3
_REDIRECTS = 5


def is_url(location: str) -> bool:
    """Whether a location is to be fetched."""
    return location.startswith(("https://", "http://"))


def shown(location: str) -> str:
    """A location to show: a URL without its password and query, which may be secrets (a shared access signature)."""
    if not is_url(location):
        return location
    scheme, _, rest = location.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def download(url: str, target: BinaryIO, limit: int) -> None:
    """Write what `url` answers to `target`, at most `limit` bytes.

    Raises NotFound (404, 410), Refused (401, 403), Unavailable (what may pass) and InvalidData (over the limit).
    """
    import urllib3

    try:
        with respond(url) as response:
            check(url, response)
            copy(response, target, limit, url)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise failure(url, error) from error


def failure(url: str, error: Exception) -> PratiqueError:
    """What urllib3's error (or an operating system's) means."""
    import urllib3

    if isinstance(error, urllib3.exceptions.LocationValueError):
        return NotFound(f"not a URL that can be fetched: {shown(url)}", "write it as https://host/path")
    # A MaxRetryError's own text repeats the URL with its query; its reason doesn't.
    return Unavailable(f"cannot fetch {shown(url)}", str(getattr(error, "reason", error))[:200])


def leaves_https(url: str, redirects: Sequence[str | None]) -> bool:
    """Whether a URL that promised a secure way was sent along an open one."""
    return url.startswith("https:") and any((each or "").lower().startswith("http:") for each in redirects)


def copy(response: "urllib3.BaseHTTPResponse", target: BinaryIO, limit: int, url: str, size: int = 0) -> None:
    """Write the body, after `size` bytes that are there already. Raises InvalidData over the limit."""
    for chunk in response.stream(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise InvalidData(f"too large: {shown(url)}", f"an advisory file has at most {limit:,} bytes")
        target.write(chunk)
    target.flush()


@contextmanager
def respond(url: str, more: Mapping[str, str] | None = None) -> "Iterator[urllib3.BaseHTTPResponse]":
    """The answer to a GET with these headers besides our own, its body not read yet."""
    from urllib.parse import unquote

    import urllib3

    retries = urllib3.Retry(
        connect=_TRIES,
        read=_TRIES,
        redirect=_REDIRECTS,
        status=0,
        other=0,
        backoff_factor=0.2,
        total=_TRIES + _REDIRECTS,
    )
    user = unquote(urllib3.util.parse_url(url).auth or "")
    headers = {**(urllib3.util.make_headers(basic_auth=user) if user else {}), **(more or {})}
    with _manager(url) as manager:
        timeout = urllib3.Timeout(connect=_CONNECT, read=_READ)
        response = manager.request("GET", url, headers=headers, preload_content=False, retries=retries, timeout=timeout)
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


def check(url: str, response: "urllib3.BaseHTTPResponse", good: Collection[int] = (200,)) -> None:
    """Raise what a status means that isn't a good one, and Refused for a way that isn't secure any more."""
    if leaves_https(url, [step.redirect_location for step in response.retries.history] if response.retries else []):
        raise Refused(f"sent from https to plain http: {shown(url)}", "give the place it redirects to, if you trust it")
    if response.status in good:
        return
    fates: dict[int, type[PratiqueError]] = {404: NotFound, 410: NotFound, 401: Refused, 403: Refused}
    fate = fates.get(response.status, Unavailable)
    raise fate(f"the answer was {response.status} {response.reason or ''}".rstrip() + f": {shown(url)}")
