"""Where Docker and podman listen, and a connection to them (Docker Engine API over a Unix socket, TCP or TLS)."""

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pratique.model.errors import InvalidData, NotFound, Refused, Unavailable, UsageError

_TIMEOUT = 600.0  # seconds; Docker gathers a large image in silence before it sends the first byte
_PORT, _TLS_PORT = 2375, 2376


class Daemon(msgspec.Struct, frozen=True):
    """Whom to ask: the variable that names its socket, and where it is looked for otherwise."""

    name: str
    variable: str
    how_to_start: str


DOCKER = Daemon("Docker", "DOCKER_HOST", "is it running?")
PODMAN = Daemon("podman", "CONTAINER_HOST", "`systemctl start podman.socket` or `podman system service` starts it")


class Endpoint(msgspec.Struct, frozen=True):
    """A Unix socket's `path`, or a `host` and `port`, with TLS where `certificates` names a folder with its files."""

    path: str = ""
    host: str = ""
    port: int = 0
    certificates: str = ""


def endpoints(daemon: Daemon, environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Where to look, in order; only there where the environment says so. Raises UsageError (no such way)."""
    if chosen := environment.get(daemon.variable):
        return (_parse(daemon, chosen, environment),)
    return tuple(Endpoint(path) for path in _usual(daemon, environment.get("XDG_RUNTIME_DIR", "")))


def _usual(daemon: Daemon, runtime: str) -> Iterator[str]:
    if daemon is DOCKER:
        yield "/var/run/docker.sock"
        if runtime:
            yield f"{runtime}/docker.sock"  # rootless
        return
    if runtime:
        yield f"{runtime}/podman/podman.sock"
    yield "/run/podman/podman.sock"


def _parse(daemon: Daemon, url: str, environment: Mapping[str, str]) -> Endpoint:
    scheme, separator, rest = url.partition("://")
    if scheme == "unix" and separator and rest.startswith("/"):
        return Endpoint(rest)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if scheme != "tcp" or not host:
        hint = "known are unix:///path and tcp://host:port" + ("; ssh is not" if scheme == "ssh" else "")
        raise UsageError(f"{daemon.variable} is {url[:100]!r}", hint)
    if not environment.get("DOCKER_TLS_VERIFY"):
        return Endpoint("", host, port or _PORT)
    folder = environment.get("DOCKER_CERT_PATH") or str(Path(environment.get("HOME", "/"), ".docker"))
    return Endpoint("", host, port or _TLS_PORT, folder)


def connect(daemon: Daemon, places: Sequence[Endpoint]) -> http.client.HTTPConnection:
    """A connection to the first place where there is something. Raises NotFound, Refused, Unavailable, InvalidData."""
    for place in places:
        if place.path and not Path(place.path).exists():
            continue
        return _connected(daemon, place)
    looked = " and ".join(place.path for place in places)
    raise NotFound(
        f"no socket of {daemon.name}'s at {looked}", f"{daemon.how_to_start}; {daemon.variable} names another"
    )


def _connected(daemon: Daemon, place: Endpoint) -> http.client.HTTPConnection:
    where = place.path or f"{place.host}:{place.port}"
    connection = _connection(place)
    try:
        connection.connect()
    except PermissionError:
        connection.close()
        raise Refused(
            f"not allowed to use {daemon.name}'s socket {where}", "be root, or in the group that owns it"
        ) from None
    except OSError as error:
        connection.close()
        what = f"nobody answers at {daemon.name}'s socket {where}: {error.strerror or error}"
        raise Unavailable(what[:300], f"{daemon.how_to_start}; {daemon.variable} names another") from None
    return connection


def _connection(place: Endpoint) -> http.client.HTTPConnection:
    if place.path:
        return _UnixConnection(place.path)
    if not place.certificates:
        return http.client.HTTPConnection(place.host, place.port, timeout=_TIMEOUT)
    folder = Path(place.certificates)
    try:
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    except (OSError, ssl.SSLError) as error:
        raise InvalidData(f"{folder} lacks ca.pem, cert.pem or key.pem", str(error)[:200]) from None
    return http.client.HTTPSConnection(place.host, place.port, timeout=_TIMEOUT, context=context)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(self._path)
