"""A blob on its way from a registry, taken up again where the connection broke (RFC 9110, 14: Range)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from pratique.model.descriptor import Descriptor
from pratique.model.errors import IntegrityError, Unavailable
from pratique.model.reference import Reference
from pratique.registry.blobs import CHUNK, VerifyingStream
from pratique.registry.client import Client


@contextmanager
def download(
    client: Client, reference: Reference, descriptor: Descriptor, scopes: frozenset[str]
) -> Iterator[BinaryIO]:
    """The blob as a verifying stream. Raises NotFound on entering, IntegrityError on a wrong announced length."""
    body = _Body(client, reference, descriptor, scopes)
    try:
        body.connect()
        yield cast("BinaryIO", VerifyingStream(body, descriptor))
    finally:
        body.close()


class _Body:
    """Bytes in order, over as many connections as it takes; gives up after too many failures in a row."""

    def __init__(self, client: Client, reference: Reference, descriptor: Descriptor, scopes: frozenset[str]) -> None:
        self._client = client
        self._reference = reference
        self._descriptor = descriptor
        self._scopes = scopes
        self._response: BaseHTTPResponse | None = None
        self._open = ExitStack()
        self._offset = 0
        self._failures = 0

    def read(self, size: int, /) -> bytes:
        """See `blobs.Source`."""
        while True:
            if self._response is None:
                self.connect()
            chunk = self._try(size)
            if chunk:
                self._offset += len(chunk)
                self._failures = 0
                return chunk
            if chunk is not None and self._offset >= self._descriptor.size:
                return b""
            self.close()
            self._failures += 1
            if self._failures >= self._client.transport.attempts:
                if chunk is not None:
                    return b""  # the registry insists on an early end: the verifying stream says so
                raise Unavailable(f"{self._reference.name}: {self._descriptor.digest} broke off again and again")
            self._client.transport.pause(self._failures)

    def connect(self) -> None:
        """Ask for the blob from where we are."""
        headers = {"Range": f"bytes={self._offset}-"} if self._offset else {}
        path = f"/v2/{self._reference.repository}/blobs/{self._descriptor.digest}"
        wanted = {200, 206} if self._offset else {200}
        request = self._client.request(
            "GET", path, self._reference, wanted=wanted, scopes=self._scopes, headers=headers
        )
        response = self._open.enter_context(request)
        self._check_length(response)
        if response.status == 200:
            _skip(response, self._offset)
        self._response = response

    def close(self) -> None:
        """Let go of the connection."""
        self._response = None
        self._open.close()

    def _try(self, size: int) -> bytes | None:
        """The next bytes, none at the end; None when the connection broke."""
        assert self._response is not None  # noqa: S101 - read has connected
        try:
            return self._response.read(size)
        except (HTTPError, OSError):
            return None

    def _check_length(self, response: BaseHTTPResponse) -> None:
        start = self._offset if response.status == 206 else 0
        said = response.headers.get("Content-Length", "")
        if said.isdecimal() and int(said[:20]) != self._descriptor.size - start:
            name = f"{self._reference.name}: {self._descriptor.digest}"
            raise IntegrityError(f"{name} has {self._descriptor.size} bytes, but the registry sends {said[:20]}")
        ranged = response.headers.get("Content-Range", "")
        if response.status == 206 and not ranged.startswith(f"bytes {start}-"):
            raise IntegrityError(f"{self._reference.name}: asked for bytes from {start}, was sent {ranged[:50]!r}")


def _skip(response: BaseHTTPResponse, size: int) -> None:
    while size > 0:
        chunk = response.read(min(size, CHUNK))
        if not chunk:
            return
        size -= len(chunk)
