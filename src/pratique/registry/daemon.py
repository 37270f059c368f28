"""Images that Docker or podman keeps, asked for over its socket: what `docker save` gives (`GET /images/{name}/get`).

The archive is kept in a temporary file without a name, as its parts come in no useful order.
"""

import http.client
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import msgspec

from pratique.model.errors import InvalidData, NotFound, Unavailable, UsageError
from pratique.model.reference import Reference
from pratique.registry.archive import DockerArchive
from pratique.registry.daemon_socket import DOCKER, PODMAN, Daemon, connect, endpoints
from pratique.registry.tar_index import SPOOL_LIMIT

DAEMONS = {"docker-daemon": DOCKER, "podman": PODMAN}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}")
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{12,64}")
_CHUNK = 1024 * 1024
_SAID = 64 * 1024  # bytes of an error's body


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


def open_daemon(
    scheme: str, name: str, environment: Mapping[str, str] | None = None, *, limit: int = SPOOL_LIMIT
) -> DockerArchive:
    """The image of that name or id, as an archive of its own; close it. `scheme` is a key of `DAEMONS`.

    `limit` is in bytes. Raises UsageError (not a name), NotFound (no socket, no such image), Refused, Unavailable,
    InvalidData (not what `docker save` writes, or too large).
    """
    daemon = DAEMONS[scheme]
    wanted = _completed(name)
    handle, path = tempfile.mkstemp(prefix="pratique-")
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(daemon, wanted, file, os.environ if environment is None else environment, limit)
        return DockerArchive(Path(path), _reference(name), name=f"{scheme}:{name}")
    except OSError as error:
        raise Unavailable(f"{scheme}:{name}: cannot keep it for a while: {error.strerror or error}") from error
    finally:
        Path(path).unlink(missing_ok=True)  # the archive has it open


def _completed(name: str) -> str:
    """The name with its tag: without one, daemons send all of the name (Docker Engine API, "Export an image")."""
    if not _NAME.fullmatch(name) or ".." in name.split("/"):
        raise UsageError(
            f"not the name of an image: {name[:100]!r}", "write docker-daemon:NAME[:TAG] or podman:NAME[:TAG]"
        )
    if _ID.fullmatch(name) or "@" in name or ":" in name.rpartition("/")[2]:
        return name
    return f"{name}:latest"


def _reference(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except UsageError:
        return Reference("localhost", "image")  # an id


def _fetch(daemon: Daemon, name: str, file: BinaryIO, environment: Mapping[str, str], limit: int) -> None:
    connection = connect(daemon, endpoints(daemon, environment))
    try:
        connection.request("GET", f"/images/{quote(name, safe='/:@')}/get", headers={"User-Agent": "pratique"})
        response = connection.getresponse()
        if response.status != 200:
            raise _failure(daemon, name, response)
        _copy(response, file, limit, f"{daemon.name}: {name}")
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        words = str(error) or type(error).__name__
        raise Unavailable(f"{daemon.name} broke off while it sent {name}: {words[:200]}") from error
    finally:
        connection.close()


def _copy(response: http.client.HTTPResponse, file: BinaryIO, limit: int, name: str) -> None:
    size = 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        if size > limit:
            raise InvalidData(f"{name} is larger than {limit} bytes")
        file.write(chunk)
    if response.length:  # announced, but not sent; the library keeps silent about it
        raise http.client.IncompleteRead(b"", response.length)


def _failure(daemon: Daemon, name: str, response: http.client.HTTPResponse) -> Exception:
    try:
        said = msgspec.json.decode(response.read(_SAID), type=_Problem).message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = ""
    said = "".join(char if char.isprintable() else " " for char in said[:300]).strip()
    if response.status == 404:
        return NotFound(f"{daemon.name} has no image {name}", said or f"pull it first: {daemon.name.lower()} pull")
    return Unavailable(f"{daemon.name} does not send {name}: {response.status} {said}".rstrip())
