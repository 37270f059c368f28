"""From an Entra token to credentials for a registry (ACR, "AAD-OAuth": `/oauth2/exchange`).

The registry's refresh token is kept until it ends by its own word. Where Azure does not know us, or the registry does
not want us, we come anonymously, as a registry may allow that, and say why if it doesn't.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import msgspec

from pratique.model.errors import NotFound, Refused
from pratique.model.reference import Reference
from pratique.registry import challenges, jwt
from pratique.registry.azure import answers
from pratique.registry.azure.hosts import authority, is_acr, more_hosts
from pratique.registry.credentials import Credentials
from pratique.registry.hosts import base_url

if TYPE_CHECKING:
    from pratique.registry.azure.entra import EntraTokens
    from pratique.registry.transport import Transport

RESOURCE = "https://containerregistry.azure.net"  # in all clouds; tokens for ARM may be switched off for a registry
_USER = "00000000-0000-0000-0000-000000000000"
_EARLY = 0.1
_LIFETIME = 600.0  # seconds, when the token does not say
_ABSENT_FOR = 300.0  # seconds that a no is believed


class _Exchanged(msgspec.Struct, frozen=True):
    refresh_token: Annotated[str, msgspec.Meta(min_length=1)]


class AzureCredentials:
    """See `FindsCredentials`: those for Azure's registries. Thread-safe.

    Registries and Entra are asked by `transport`, so through its proxies, and over plain HTTP on loopback only;
    `plain_http` says that the registry is to be spoken to so, wherever it is.
    `clock` counts seconds, `now` gives seconds since the epoch.
    """

    def __init__(
        self,
        transport: "Transport",
        environment: Mapping[str, str],
        *,
        plain_http: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = transport
        self._environment = environment
        self._plain_http = plain_http
        self._clock = clock
        self._now = now
        self._sleep = sleep
        self._more = more_hosts(environment)
        self._entra: EntraTokens | None = None
        self._kept: dict[str, tuple[Credentials, float]] = {}
        self._lock = threading.Lock()

    def find(self, reference: Reference) -> Credentials | None:
        """See `FindsCredentials`. Raises UsageError, Unavailable, InvalidData."""
        if not is_acr(reference.registry, self._more):
            return None
        if self._plain_http and base_url(reference.registry).startswith("https:"):
            return Credentials(why="who we are in Azure is not told over plain HTTP")
        with self._lock:
            kept = self._kept.get(reference.registry)
            if kept is None or self._clock() >= kept[1]:
                found, life = self._log_in(reference.registry)
                kept = (found, self._clock() + life)
                self._kept[reference.registry] = kept
            return kept[0]

    def forget(self, reference: Reference, refused: Credentials) -> bool:
        """See `FindsCredentials`."""
        with self._lock:
            kept = self._kept.get(reference.registry)
            if not refused.identity_token or kept is None:
                return False
            if kept[0] == refused:
                del self._kept[reference.registry]
                self._tokens().forget()
            return True

    def _log_in(self, registry: str) -> tuple[Credentials, float]:
        try:
            token = self._tokens().token(authority(registry))
            refresh = self._exchange(registry, token)
        except (NotFound, Refused) as error:
            return Credentials(why=_advice(error)), _ABSENT_FOR
        life = jwt.lifetime(jwt.claims(refresh), self._now()) or _LIFETIME
        return Credentials(_USER, identity_token=refresh), life * (1 - _EARLY)

    def _tokens(self) -> "EntraTokens":
        if self._entra is None:
            from pratique.registry.azure.entra import EntraTokens

            self._entra = EntraTokens(
                RESOURCE, self._transport, self._environment, clock=self._clock, sleep=self._sleep
            )
        return self._entra

    def _exchange(self, registry: str, token: str) -> str:
        base = base_url(registry)
        url = f"{base}/oauth2/exchange"
        form = {"grant_type": "access_token", "service": self._service(base, registry), "access_token": token}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        response = self._transport.send("POST", url, headers, urlencode(form).encode())
        if response.status == 200:
            return answers.read(response, url, _Exchanged).refresh_token
        if response.status in {400, 401, 403}:
            response.close()
            raise Refused(f"{registry} did not take Entra's token for this identity ({response.status})")
        raise self._transport.failure("POST", url, response)

    def _service(self, base: str, registry: str) -> str:
        """The registry's own name for itself: another than ours where it stands behind a domain."""
        response = self._transport.send("GET", f"{base}/v2/")
        response.close()
        found = challenges.parse(response.headers.get("WWW-Authenticate", ""))
        return next((one.parameters["service"] for one in found if one.parameters.get("service")), registry)


def _advice(error: NotFound | Refused) -> str:
    return f"{error.what}; log in by `az acr login`, or give this identity the role AcrPull"
