"""A machine's managed identity, from the instance metadata service of Azure's virtual machines (IMDS).

It answers on a link-local address over plain HTTP, to the machine alone: never through a proxy. Elsewhere nobody is at
that address, which must not cost a scan more than a second. Source: "How to use managed identities on an Azure VM to
acquire an access token", with the retries that it asks for.
"""

import socket
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from urllib3.response import BaseHTTPResponse

from pratique.model.errors import NotFound, Unavailable
from pratique.registry.azure import answers
from pratique.registry.azure.answers import EntraToken
from pratique.registry.hosts import redacted, split
from pratique.registry.transport import Transport

_SERVICE = "http://169.254.169.254"
_VARIABLE = "AZURE_POD_IDENTITY_AUTHORITY_HOST"  # Azure's own name for a service elsewhere
_CONNECT = 1.0  # seconds
_RETRIED = frozenset({404, 410, 429})  # and 5xx: it is being updated, or is asked too much
_WAITS = (0.8, 1.6, 3.2, 6.4)  # seconds
_WAITS_GONE = (5.0, 10.0, 20.0, 40.0)  # seconds; after a 410 it may be away for 70 of them
_OTHER_CLOUDS = ("EC2ws", "Metadata Server for VM")  # who else has a service there, and how it calls itself


def token(resource: str, client: str, environment: Mapping[str, str], sleep: Callable[[float], None]) -> EntraToken:
    """A token for the machine's identity; `client` is the client id of one of several. `sleep` takes seconds.

    Raises NotFound (no such service, or no identity assigned), Unavailable, InvalidData.
    """
    base = environment.get(_VARIABLE, "").rstrip("/") or _SERVICE
    _check_there(base)
    query = {"api-version": "2018-02-01", "resource": resource, **({"client_id": client} if client else {})}
    url = f"{base}/metadata/identity/oauth2/token?{urlencode(query)}"
    transport = Transport(attempts=1, proxies=False, retried=frozenset())
    try:
        response = _asked(transport, url, sleep)
        if response.status == 200:
            return answers.read(response, url, EntraToken)
        if response.status == 400:
            why = answers.reason(response, url, ())
            raise NotFound(f"this machine has no managed identity{f' {client[:80]}' if client else ''} ({why})")
        raise transport.failure("GET", url, response)
    finally:
        transport.close()


def _check_there(base: str) -> None:
    parts = split(base)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), _CONNECT).close()
    except OSError:
        raise NotFound("this is not a machine of Azure's with a managed identity") from None


def _asked(transport: Transport, url: str, sleep: Callable[[float], None]) -> BaseHTTPResponse:
    for attempt in range(len(_WAITS) + 1):
        response = transport.send("GET", url, {"Metadata": "true"})
        server = response.headers.get("Server", "")
        if any(other in server for other in _OTHER_CLOUDS):
            response.close()
            raise NotFound("this machine is not Azure's")
        if response.status not in _RETRIED and response.status < 500:
            return response
        if attempt == len(_WAITS):
            break
        response.close()
        sleep((_WAITS_GONE if response.status == 410 else _WAITS)[attempt])
    response.close()
    raise Unavailable(f"GET {redacted(url)}: {response.status}, again and again", "try again later")
