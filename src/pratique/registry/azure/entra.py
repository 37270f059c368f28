"""Tokens of Microsoft Entra for one of Azure's services, by what the environment says that we are.

In the order of Azure's own libraries: a client secret, workload identity (a file that Kubernetes rotates), else the
machine's managed identity. Sources: OAuth 2.0 client credentials flow on the Microsoft identity platform (v2.0);
the Azure workload identity webhook's variables.
"""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from pratique.model.errors import InvalidData, NotFound, Refused, UsageError
from pratique.registry.azure import answers, imds
from pratique.registry.azure.answers import EntraToken
from pratique.registry.hosts import is_loopback, redacted, split
from pratique.registry.transport import Transport

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY = 0.1  # a token is renewed after nine tenths of its life
_FILE_LIMIT = 64 * 1024  # bytes
_ABSENT_FOR = 300.0  # seconds before a machine without an identity is asked again


class EntraTokens:
    """Tokens for `resource` (`https://containerregistry.azure.net`), kept while they are good. Thread-safe.

    `clock` counts seconds; `sleep` takes seconds.
    """

    def __init__(
        self,
        resource: str,
        transport: Transport,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._resource = resource
        self._transport = transport
        self._environment = environment
        self._clock = clock
        self._sleep = sleep
        self._kept: dict[str, tuple[str, float]] = {}
        self._absent: tuple[str, float] = ("", 0.0)
        self._lock = threading.Lock()

    def token(self, authority: str) -> str:
        """A token from this Entra, unless the environment names another.

        Raises NotFound (nothing here says who we are), Refused (Entra says no), UsageError (a setting is missing or
        wrong), Unavailable, InvalidData.
        """
        authority = self._environment.get("AZURE_AUTHORITY_HOST") or authority
        with self._lock:
            token, until = self._kept.get(authority, ("", 0.0))
            if self._clock() >= until:
                answer = self._ask(authority)
                token = answer.access_token
                self._kept[authority] = (token, self._clock() + answer.life * (1 - _EARLY))
            return token

    def forget(self) -> None:
        """Ask anew at the next time."""
        with self._lock:
            self._kept.clear()

    def _ask(self, authority: str) -> EntraToken:
        tenant, client, secret, file = (
            self._environment.get(f"AZURE_{name}", "")
            for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET", "FEDERATED_TOKEN_FILE")
        )
        if tenant and client and secret:
            return self._grant(authority, tenant, client, {"client_secret": secret})
        if file:
            if not tenant or not client:
                raise UsageError("AZURE_FEDERATED_TOKEN_FILE needs AZURE_TENANT_ID and AZURE_CLIENT_ID beside it")
            # Kubernetes writes a new one before the old one ends: it is read each time.
            proof = {"client_assertion_type": _ASSERTION, "client_assertion": _file(Path(file))}
            return self._grant(authority, tenant, client, proof)
        return self._of_machine(client)

    def _grant(self, authority: str, tenant: str, client: str, proof: Mapping[str, str]) -> EntraToken:
        url = f"{_checked(authority)}/{quote(tenant, safe='')}/oauth2/v2.0/token"
        scope = f"{self._resource}/.default"
        form = {"grant_type": "client_credentials", "client_id": client, "scope": scope, **proof}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = self._transport.send("POST", url, headers, urlencode(form).encode())
        if response.status == 200:
            return answers.read(response, url, EntraToken)
        if response.status not in {400, 401, 403}:
            raise self._transport.failure("POST", url, response)
        why = answers.reason(response, url, proof.values())
        raise Refused(f"{redacted(url)} refused the client {client[:80]}: {why or response.status}")

    def _of_machine(self, client: str) -> EntraToken:
        why, until = self._absent
        if self._clock() < until:
            raise NotFound(why)
        try:
            return imds.token(self._resource, client, self._environment, self._sleep)
        except NotFound as error:
            self._absent = (error.what, self._clock() + _ABSENT_FOR)
            raise


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"cannot read AZURE_FEDERATED_TOKEN_FILE {path}", error.strerror or "") from None
    text = data.strip()
    if not text or len(data) > _FILE_LIMIT or not text.isascii() or not text.decode("ascii").isprintable():
        raise InvalidData(f"AZURE_FEDERATED_TOKEN_FILE {path} holds no token")
    return text.decode("ascii")


def _checked(authority: str) -> str:
    url = authority if "://" in authority else f"https://{authority}"
    parts = split(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise UsageError(f"AZURE_AUTHORITY_HOST is {redacted(url)}", "secrets are sent over https only")
    return url.rstrip("/")
