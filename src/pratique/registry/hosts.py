"""Which URL a registry's name means, and where a secret may go."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

from pratique.model.errors import InvalidData
from pratique.model.reference import DOCKER_HUB

_API_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}


def base_url(registry: str, plain_http: bool | None = None) -> str:
    """`https://host`; plain HTTP for loopback, or anywhere when the user says so (False: nowhere)."""
    plain = is_loopback(_bare_host(registry)) if plain_http is None else plain_http
    return f"{'http' if plain else 'https'}://{_API_HOSTS.get(registry, registry)}"


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine by its very form; no name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split(url: str) -> SplitResult:
    """A URL that came from outside, in parts, with a host. Raises InvalidData."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidData(f"not a URL: {url[:100]!r}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise InvalidData(f"not a web URL: {url[:100]!r}")
    return parts


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs are the same server, so that a secret for one may be sent to the other."""
    return _origin(one) == _origin(other)


def may_follow(origin: str, url: str) -> bool:
    """Whether an answer from `origin` may send us to `url`: never from HTTPS down to HTTP."""
    return split(origin).scheme == "http" or split(url).scheme == "https"


def redacted(url: str) -> str:
    """A URL for people: without user, password and query, where secrets and signatures are."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(a broken URL)"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"[:300]


def _origin(url: str) -> tuple[str, str, int]:
    parts = split(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _bare_host(registry: str) -> str:
    return urlsplit(f"//{registry}").hostname or ""
