"""OCI registries over HTTP (distribution-spec 1.1): Docker distribution, Azure's, Docker Hub and their kind."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
from urllib3.response import BaseHTTPResponse

from pratique.model.descriptor import OCI_INDEX, Descriptor
from pratique.model.digest import Digest, digest_of, is_digest
from pratique.model.errors import IntegrityError, InvalidData, NotFound, Refused, UsageError
from pratique.model.reference import Reference, is_tag
from pratique.registry import catalog, documents
from pratique.registry.azure.login import AzureCredentials
from pratique.registry.client import Client, read_bounded
from pratique.registry.credentials import FileCredentials, FindsCredentials, FirstOf
from pratique.registry.downloads import download
from pratique.registry.fallback import Fallback
from pratique.registry.pages import pages
from pratique.registry.referrers import typed
from pratique.registry.repository import MANIFEST_LIMIT
from pratique.registry.transport import Transport
from pratique.registry.uploads import Upload

_ACCEPT = {"Accept": ", ".join(sorted(documents.KNOWN, reverse=True)) + ", */*;q=0.1"}
_PAGE = 1000  # tags
_CHUNK = 16 * 1024 * 1024  # bytes of an upload's part
_MISSING_FOR = 3600.0  # seconds before a registry is asked again whether it lists referrers


class RemoteRegistry:
    """All registries, each under its own name; one login, one set of connections for each.

    `credentials` default to the files of docker and podman and, for Azure's registries that they don't know, to what we
    are in Entra. `plain_http` None means: for loopback only. `ca_file` adds
    certificate authorities to the system's. `attempts` bounds every request; `sleep` takes seconds.
    """

    def __init__(
        self,
        *,
        credentials: FindsCredentials | None = None,
        plain_http: bool | None = None,
        ca_file: Path | None = None,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        chunk: int = _CHUNK,
    ) -> None:
        self._plain_http = plain_http
        self._transport = Transport(ca_file=ca_file, attempts=attempts, sleep=sleep)
        self._credentials = credentials or FirstOf(
            (
                FileCredentials.of_environment(),
                AzureCredentials(self._transport, os.environ, plain_http=plain_http, sleep=sleep),
            )
        )
        self._chunk = chunk
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()

    def repository(self, reference: Reference) -> "RemoteRepository":
        """See `Registry.repository`."""
        return RemoteRepository(self._client(reference.registry), reference, self._chunk)

    def repositories(self, registry: str) -> Iterator[str]:
        """The names of a registry's repositories. Raises Refused (we may not list), NotFound (there is no list)."""
        return catalog.repositories(self._client(registry), registry)

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    def _client(self, registry: str) -> Client:
        with self._lock:
            client = self._clients.get(registry)
            if client is None:
                client = Client(registry, self._transport, self._credentials, self._plain_http)
                self._clients[registry] = client
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


class RemoteRepository:
    """See `Repository`."""

    def __init__(self, client: Client, reference: Reference, chunk: int = _CHUNK) -> None:
        self.reference = Reference(reference.registry, reference.repository)
        self._client = client
        self._path = f"/v2/{reference.repository}"
        self._pull = frozenset({f"repository:{reference.repository}:pull"})
        self._push = frozenset({f"repository:{reference.repository}:pull,push"})
        self._uploads = Upload(client, self.reference, self._push, chunk)

    def resolve(self, target: str) -> Descriptor:
        """See `Repository.resolve`. Where the registry's HEAD says too little, the manifest is fetched."""
        path = self._manifest_path(target)
        with self._naming(target), self._request("HEAD", path, {200, 405}, headers=_ACCEPT) as response:
            said = _promised(response)
            size = response.headers.get("Content-Length", "")
            media_type = _media_type(response)
        if is_digest(target):
            if said and said != target:
                raise IntegrityError(f"{self.reference.name}: asked for {target}, was told of {said}")
            said = Digest(target)
        if response.status != 200 or said is None or not size.isdecimal() or media_type not in documents.KNOWN:
            return self.manifest(target)[0]
        return Descriptor(media_type, said, int(size[:20]))

    def manifest(self, target: str) -> tuple[Descriptor, bytes]:
        """See `Repository.manifest`."""
        name = f"{self.reference.name} {target}"
        path = self._manifest_path(target)
        with self._naming(target), self._request("GET", path, {200}, headers=_ACCEPT) as response:
            data = read_bounded(response, MANIFEST_LIMIT, name)
            promised = Digest(target) if is_digest(target) else _promised(response)
            said = _promised(response)
            media_type = _media_type(response)
        for digest in filter(None, (promised, said)):
            documents.check_digest(data, digest, name)
        kind = documents.media_type_of(data, media_type, name)
        return Descriptor(kind, promised or digest_of(data), len(data)), data

    def blob(self, descriptor: Descriptor) -> AbstractContextManager[BinaryIO]:
        """See `Repository.blob`."""
        documents.check_descriptors((descriptor,), self.reference.name)
        return download(self._client, self.reference, descriptor, self._pull)

    def has_blob(self, digest: Digest) -> bool:
        """See `Repository.has_blob`."""
        documents.check_descriptors((Descriptor("", digest, 0),), self.reference.name)
        try:
            with self._request("HEAD", f"{self._path}/blobs/{digest}", {200}):
                return True
        except NotFound:
            return False

    def put_blob(self, descriptor: Descriptor, content: BinaryIO) -> None:
        """See `Repository.put_blob`."""
        documents.check_descriptors((descriptor,), self.reference.name)
        self._uploads.run(descriptor, content)

    def mount_blob(self, descriptor: Descriptor, source: Reference) -> bool:
        """See `Repository.mount_blob`. A source that we may not read is no error: the caller sends the blob."""
        if source.registry != self.reference.registry or source.repository == self.reference.repository:
            return False
        try:
            return self._uploads.mount(descriptor, source)
        except (Refused, NotFound):
            return False

    def put_manifest(self, data: bytes, media_type: str, tag: str | None = None) -> Descriptor:
        """See `Repository.put_manifest`. A registry without a referrers API gets the referrers tag written."""
        if tag is not None and not is_tag(tag):
            raise UsageError(f"not a tag: {tag[:100]!r}")
        manifest = documents.decode_manifest(data, media_type, self.reference.name)
        descriptor = Descriptor(media_type, digest_of(data), len(data))
        headers = {"Content-Type": media_type}
        path = f"{self._path}/manifests/{tag or descriptor.digest}"
        with self._request("PUT", path, {200, 201, 202}, scopes=self._push, headers=headers, body=data) as response:
            said = _promised(response)
            if said and said.startswith("sha256:") and said != descriptor.digest:
                raise IntegrityError(f"{self.reference.name}: pushed {descriptor.digest}, stored as {said}")
            listed = response.headers.get("OCI-Subject", "")
        if manifest.subject and not listed:
            Fallback(self).add(manifest.subject.digest, documents.referrer(descriptor, manifest))
        return descriptor

    def tags(self) -> Iterator[str]:
        """See `Repository.tags`, page by page."""
        for page in self._pages(f"{self._path}/tags/list?n={_PAGE}"):
            yield from documents.decode(page, _Tags, f"{self.reference.name}: tags").tags or ()

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Repository.referrers`: from the API, or where there is none from the referrers tag."""
        documents.check_descriptors((Descriptor("", digest, 0),), self.reference.name)
        listed = self._listed_referrers(digest)
        found = Fallback(self).read(digest) if listed is None else listed
        distinct = typed(self, {entry.digest: entry for entry in found}.values())
        return tuple(entry for entry in distinct if artifact_type in {"", entry.artifact_type})

    def close(self) -> None:
        """Close the connections that its registry keeps; they come back when they are needed."""
        self._client.transport.close()

    def _listed_referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        """What the API lists, None where there is none. A registry that has none is not asked each time."""
        if time.monotonic() < self._client.no_referrers_until:
            return None
        try:
            listed = list(self._pages(f"{self._path}/referrers/{digest}", {"Accept": OCI_INDEX}))
        except (NotFound, InvalidData) as error:
            # Registries of before 1.1 answer 404, some 400 or 405; others answer 404 for a repository that isn't there.
            if isinstance(error, NotFound) and "_UNKNOWN" not in error.what:
                self._client.no_referrers_until = time.monotonic() + _MISSING_FOR
            return None
        name = f"{self.reference.name}: referrers"
        return tuple(entry for page in listed for entry in documents.decode_manifest(page, OCI_INDEX, name).children)

    def _pages(self, location: str, headers: dict[str, str] | None = None) -> Iterator[bytes]:
        return pages(self._client, self.reference, location, self._pull, headers)

    @contextmanager
    def _naming(self, target: str) -> Iterator[None]:
        """Say what was not found in the user's words, not in HTTP's."""
        try:
            yield
        except NotFound as error:
            raise NotFound(f"{self.reference.name} has no {target}", error.what) from error

    def _manifest_path(self, target: str) -> str:
        if not is_digest(target) and not is_tag(target):
            raise UsageError(f"neither a tag nor a digest: {target[:100]!r}")
        return f"{self._path}/manifests/{target}"

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
            method, location, self.reference, wanted=wanted, scopes=scopes or self._pull, headers=headers, body=body
        )


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = None


def _promised(response: BaseHTTPResponse) -> Digest | None:
    said = response.headers.get("Docker-Content-Digest", "")
    return Digest(said) if is_digest(said) else None


def _media_type(response: BaseHTTPResponse) -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip()
