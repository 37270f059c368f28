"""The Kubernetes API over HTTP, dictionaries in and out. lightkube finds the cluster and proves who we are.

Its typed resources are left aside: patches, odd objects and old API versions travel as they are.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import InvalidData, NotFound, PratiqueError, Refused, Unavailable, UsageError

if TYPE_CHECKING:
    import httpx2

_CONNECT, _READ = 5.0, 15.0  # seconds
_PAGE = 500
_LIMIT = 400  # characters of the cluster's own words that we pass on
_MERGE = "application/strategic-merge-patch+json"

Params = Mapping[str, str | int]


class Conflict(Unavailable):
    """The object was changed, or made, by somebody else meanwhile (409): read it again and try again."""


class Api:
    """One cluster's API server. Paths are relative (`apis/apps/v1/deployments`); close it after use.

    Raises Unavailable, Conflict, Refused, NotFound and InvalidData, each with the cluster's own words.
    """

    def __init__(self, client: "httpx2.Client") -> None:
        self._client = client
        self.server = str(client.base_url).rstrip("/")
        self.warnings: tuple[str, ...] = ()
        self._ahead = 0.0

    @classmethod
    def connect(cls, kubeconfig: Path | None = None, context: str = "") -> "Api":
        """The cluster of a kubeconfig, or else in-cluster, `KUBECONFIG`, `~/.kube/config`. Raises UsageError."""
        import httpx2
        from lightkube.config.client_adapter import Client, ConnectionParams
        from lightkube.config.kubeconfig import KubeConfig

        try:
            config = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
            single = config.get(context or None)
            if single is None or single.user is None:
                raise UsageError(f"the kubeconfig {kubeconfig or ''} names no user for its context")
            timeout = httpx2.Timeout(_READ, connect=_CONNECT)
            return cls(Client(single, ConnectionParams(timeout=timeout)))
        except PratiqueError:
            raise
        except Exception as error:  # a broken file fails in a hundred ways inside yaml, ssl and lightkube
            where = f"kubeconfig {kubeconfig}" if kubeconfig else "kubeconfig (KUBECONFIG, ~/.kube/config)"
            shapeless = isinstance(error, (AttributeError, KeyError, TypeError))  # lightkube expects a mapping
            why = "it is empty, or no kubeconfig" if shapeless else _line(error)
            raise UsageError(f"can't use the {where}: {why}", "check the file and its current-context") from error

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @property
    def now(self) -> datetime:
        """The cluster's time, by the `Date` of its last answer: what its objects' times compare with."""
        return datetime.fromtimestamp(time.time() + self._ahead, UTC)

    def get(self, path: str, params: Params | None = None) -> dict[str, Any]:
        """One object, or one page of a list."""
        return self._request("GET", path, params=params)

    def text(self, path: str, params: Params | None = None) -> str:
        """An answer that is no object: a pod's log, or its own words by proxy."""
        response = self._send("GET", path, params=params)
        if response.status_code < 300:
            return response.text
        self._answer(response)
        return ""

    def list(self, path: str, params: Params | None = None) -> Iterator[dict[str, Any]]:
        """All objects of a collection, page by page."""
        token = ""
        while True:
            page = self.get(path, {**(params or {}), "limit": _PAGE, **({"continue": token} if token else {})})
            items = page.get("items")
            yield from (item for item in (items if isinstance(items, list) else []) if isinstance(item, dict))
            metadata = page.get("metadata")
            token = str(metadata.get("continue") or "") if isinstance(metadata, dict) else ""
            if not token:
                return

    def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Make an object in the collection at `path`. Raises Conflict when it exists."""
        return self._request("POST", path, body=body, params={"dryRun": "All"} if dry_run else None)

    def replace(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Put an object in the place of the one at `path`."""
        return self._request("PUT", path, body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a strategic merge patch."""
        return self._request("PATCH", path, body=body, media_type=_MERGE)

    def delete(self, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Delete the object at `path`; `body` are DeleteOptions."""
        self._request("DELETE", path, body=body)

    def wait(self, path: str, name: str, resource_version: str, seconds: float) -> None:
        """Return when the object `name` changes after `resource_version`, or after `seconds`, whichever is first.

        A server that can't watch (410, no permission, no answer) costs the wait and no more: the caller reads anyway.
        """
        import httpx2

        until = time.monotonic() + seconds
        params: dict[str, str | int] = {
            "watch": "true",
            "fieldSelector": f"metadata.name={name}",
            "resourceVersion": resource_version,
            "timeoutSeconds": max(1, round(seconds)),
        }
        timeout = httpx2.Timeout(seconds, connect=_CONNECT)
        try:
            with self._client.stream("GET", path, params=params, timeout=timeout) as response:
                if response.status_code == 200:
                    for line in response.iter_lines():
                        if not line.startswith('{"type":"ERROR"'):
                            return
        except httpx2.ReadTimeout:
            return
        except (httpx2.HTTPError, OSError):
            pass
        time.sleep(max(0.0, until - time.monotonic()))

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        media_type: str = "application/json",
    ) -> dict[str, Any]:
        return self._answer(self._send(method, path, params=params, body=body, media_type=media_type))

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        body: Mapping[str, Any] | None = None,
        media_type: str = "application/json",
    ) -> "httpx2.Response":
        import httpx2
        from lightkube.core.exceptions import ConfigError

        query = dict(params or {})
        if method in {"POST", "PUT", "PATCH"}:
            query["fieldManager"] = "pratique"
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": media_type} if content else {}
        try:
            response = self._client.request(method, path, params=query, content=content, headers=headers)
        except httpx2.HTTPError as error:
            hint = "is the address in the kubeconfig right, and the cluster up?"
            raise Unavailable(f"the cluster {self.server} does not answer: {_line(error)}", hint) from error
        except (ConfigError, OSError, KeyError, ValueError, httpx2.InvalidURL) as error:
            raise UsageError(
                f"can't log in to the cluster {self.server}: {_line(error)}", "check the kubeconfig"
            ) from error
        self._note(response)
        return response

    def _note(self, response: "httpx2.Response") -> None:
        self.warnings = tuple(response.headers.get_list("Warning"))
        try:
            self._ahead = parsedate_to_datetime(response.headers.get("Date", "")).timestamp() - time.time()
        except (ValueError, OverflowError):
            self._ahead = 0.0

    def _answer(self, response: "httpx2.Response") -> dict[str, Any]:
        try:
            content = msgspec.json.decode(response.content)
        except (msgspec.DecodeError, RecursionError):
            content = None
        if response.status_code < 300:
            if not isinstance(content, dict):
                raise InvalidData(
                    f"the cluster {self.server} did not answer with a JSON object", "is it a Kubernetes API?"
                )
            return content
        message = content.get("message") if isinstance(content, dict) else None
        raise _failure(self.server, response.status_code, _line(message or ""), response.headers.get("Retry-After", ""))


def _failure(server: str, code: int, message: str, retry_after: str) -> PratiqueError:
    said = f"the cluster {server} answered {code}: {message or 'no reason given'}"
    if code == 401:
        return Refused(
            f"the cluster {server} does not know us (401)", "is the kubeconfig's token or certificate expired?"
        )
    if code == 403 or (code < 500 and "admission webhook" in message):
        return Refused(said)
    if code == 404:
        return NotFound(said)
    if code == 409:
        return Conflict(said, "it was changed meanwhile; try again")
    if code == 429 or code >= 500 or code == 410:
        return Unavailable(said, "try again", float(retry_after) if retry_after.isdecimal() else None)
    return InvalidData(said)


def _line(said: object) -> str:
    line = " ".join(str(said).split()) or type(said).__name__
    return line if len(line) <= _LIMIT else line[: _LIMIT - 3] + "..."
