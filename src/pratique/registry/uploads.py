"""Push a blob: whole when small, else in chunks that can be taken up again (distribution-spec, "Pushing Blobs")."""

from contextlib import AbstractContextManager, suppress
from typing import BinaryIO

from urllib3.response import BaseHTTPResponse

from pratique.model.descriptor import Descriptor
from pratique.model.errors import InvalidData, NotFound, PratiqueError, Unavailable
from pratique.model.reference import Reference
from pratique.registry.blobs import VerifyingStream
from pratique.registry.client import Client
from pratique.registry.transport import joined

_TRIES = 3


class Upload:
    """Sends blobs into one repository; `chunk` is the size in bytes from which, and in which, they go in parts."""

    def __init__(self, client: Client, reference: Reference, scopes: frozenset[str], chunk: int) -> None:
        self._client = client
        self._reference = reference
        self._scopes = scopes
        self._chunk = chunk
        self._path = f"/v2/{reference.repository}/blobs"

    def run(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """Send a blob. Raises IntegrityError before the last byte is sent when the content isn't the descriptor's."""
        stream = VerifyingStream(content, descriptor)
        if descriptor.size <= self._chunk:
            self._whole(descriptor, stream.read())
        else:
            self._parts(descriptor, stream)

    def mount(self, descriptor: Descriptor, source: Reference) -> bool:
        """Ask the registry to take the blob over from another of its repositories."""
        pull = f"repository:{source.repository}:pull"
        query = f"?mount={descriptor.digest}&from={source.repository}"
        with self._request(
            "POST", f"{self._path}/uploads/{query}", {201, 202}, scopes=self._scopes | {pull}
        ) as response:
            if response.status == 201:
                return True
            location = self._location(response)
        self._cancel(location)
        return False

    def exists(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there."""
        try:
            with self._request("HEAD", f"{self._path}/{descriptor.digest}", {200}):
                return True
        except NotFound:
            return False

    def _whole(self, descriptor: Descriptor, data: bytes) -> None:
        for attempt in range(1, _TRIES + 1):
            location, _ = self._begin()
            try:
                self._finish(location, descriptor, data)
            except (Unavailable, NotFound):
                # The answer was lost, or the session with a server that went away: look, then start over.
                if self.exists(descriptor):
                    return
                if attempt == _TRIES:
                    raise
                self._client.transport.pause(attempt)
            else:
                return

    def _parts(self, descriptor: Descriptor, stream: VerifyingStream) -> None:
        location, least = self._begin()
        chunk = max(self._chunk, least)
        try:
            offset = 0
            while data := stream.read(chunk):
                location = self._part(location, data, offset)
                offset += len(data)
            self._finish(location, descriptor, b"")
        except PratiqueError:
            self._cancel(location)
            raise

    def _part(self, location: str, data: bytes, offset: int) -> str:
        """Send one chunk; after a failure ask how far the registry got, and go on from there."""
        end = offset + len(data)
        for attempt in range(1, self._client.transport.attempts + 1):
            try:
                return self._patch(location, data[offset - end :], offset)
            except Unavailable:
                if attempt == self._client.transport.attempts:
                    raise
                self._client.transport.pause(attempt)
            location, reached = self._reached(location)
            if reached == end:
                return location
            if not offset <= reached < end:
                raise Unavailable(
                    f"{self._reference.name}: the registry lost an upload at byte {reached}", "push again"
                )
            offset = reached
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _patch(self, location: str, data: bytes, offset: int) -> str:
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"{offset}-{offset + len(data) - 1}",
        }
        with self._request("PATCH", location, {202, 201, 204}, headers=headers, body=data) as response:
            return self._location(response)

    def _reached(self, location: str) -> tuple[str, int]:
        with self._request("GET", location, {204, 200, 202}) as response:
            _, _, last = response.headers.get("Range", "").partition("-")
            reached = int(last[:20]) + 1 if last.isdecimal() else 0
            # Docker's registry says 0-0 for an empty upload as well as for one byte; no chunk has one byte.
            return self._location(response, location), reached if reached > 1 else 0

    def _begin(self) -> tuple[str, int]:
        with self._request("POST", f"{self._path}/uploads/", {202}, headers={"Content-Length": "0"}) as response:
            least = response.headers.get("OCI-Chunk-Min-Length", "")
            return self._location(response), int(least) if least.isdecimal() and len(least) < 10 else 0

    def _finish(self, location: str, descriptor: Descriptor, data: bytes) -> None:
        separator = "&" if "?" in location else "?"
        url = f"{location}{separator}digest={descriptor.digest}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(data))}
        with self._request("PUT", url, {201, 204}, headers=headers, body=data):
            return

    def _cancel(self, location: str) -> None:
        with suppress(PratiqueError), self._request("DELETE", location, {200, 202, 204}):
            pass

    def _location(self, response: BaseHTTPResponse, fallback: str = "") -> str:
        location = response.headers.get("Location", fallback)
        if not location:
            raise InvalidData(f"{self._reference.name}: the registry does not say where to upload to")
        return joined(self._client.base, location)

    def _request(
        self,
        method: str,
        location: str,
        wanted: set[int],
        *,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        scopes: frozenset[str] | None = None,
    ) -> AbstractContextManager[BaseHTTPResponse]:
        return self._client.request(
            method,
            location,
            self._reference,
            wanted=wanted,
            scopes=scopes or self._scopes,
            headers=headers,
            body=body,
            idempotent=method not in {"PATCH", "PUT"},
        )
