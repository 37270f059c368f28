"""Tokens for Azure's services, from what the environment says about who we are.

In this order: workload identity (AKS: `AZURE_FEDERATED_TOKEN_FILE`), a client secret (`AZURE_CLIENT_SECRET`), both with
`AZURE_TENANT_ID` and `AZURE_CLIENT_ID`; else the machine's managed identity. Source: Microsoft identity platform, OAuth
2.0 client credentials flow; Azure Instance Metadata Service.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec

from pratique.model.errors import InvalidData, UsageError
from pratique.registry.hosts import is_loopback, redacted, split

if TYPE_CHECKING:
    from pratique.registry.transport import Transport

VAULTS = "https://vault.azure.net"
_AUTHORITY = "https://login.microsoftonline.com/"
_MACHINE = "http://169.254.169.254"  # the same on every virtual machine, reachable from nowhere else
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LIMIT = 256 * 1024  # bytes of an answer
_EARLY = 120.0  # seconds before its end that a token is renewed


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: int | str = 300  # the machine's service writes it as a text


class AzureTokens:
    """Gives tokens for one of Azure's services (`resource`), kept as long as they last.

    `environment` is the process's own where it isn't given. Raises UsageError, Refused, Unavailable, InvalidData.
    """

    def __init__(
        self,
        resource: str,
        transport: "Transport",
        environment: Mapping[str, str] | None = None,
        machine: str = _MACHINE,
    ) -> None:
        self._resource = resource
        self._transport = transport
        self._environment = os.environ if environment is None else environment
        self._machine = machine
        self._kept = ""
        self._until = 0.0

    def __call__(self) -> str:
        """A token that is valid for some time yet."""
        if time.monotonic() >= self._until:
            answer = self._asked()
            self._kept = answer.access_token
            self._until = time.monotonic() + max(0.0, _seconds(answer.expires_in) - _EARLY)
        return self._kept

    def _asked(self) -> _Answer:
        file, secret = (self._environment.get(f"AZURE_{name}") for name in ("FEDERATED_TOKEN_FILE", "CLIENT_SECRET"))
        if file:
            try:
                assertion = Path(file).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise UsageError(f"cannot read AZURE_FEDERATED_TOKEN_FILE {file[:200]}", str(error)[:200]) from None
            return self._from_authority({"client_assertion_type": _ASSERTION, "client_assertion": assertion})
        if secret:
            return self._from_authority({"client_secret": secret})
        return self._from_machine()

    def _from_authority(self, proof: Mapping[str, str]) -> _Answer:
        authority = self._environment.get("AZURE_AUTHORITY_HOST") or _AUTHORITY
        parts = split(authority)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise UsageError(f"AZURE_AUTHORITY_HOST is {authority[:80]!r}", "secrets are sent over https only")
        tenant, client = self._must("AZURE_TENANT_ID"), self._must("AZURE_CLIENT_ID")
        form = {"grant_type": "client_credentials", "client_id": client, "scope": f"{self._resource}/.default", **proof}
        url = f"{authority.rstrip('/')}/{quote(tenant, safe='')}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._answer("POST", url, headers, urlencode(form).encode())

    def _from_machine(self) -> _Answer:
        query = {"api-version": "2018-02-01", "resource": self._resource}
        if client := self._environment.get("AZURE_CLIENT_ID"):
            query["client_id"] = client
        url = f"{self._machine}/metadata/identity/oauth2/token?{urlencode(query)}"
        return self._answer("GET", url, {"Metadata": "true"}, None)

    def _answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> _Answer:
        from pratique.registry.client import read_bounded

        response = self._transport.send(method, url, headers, body)
        if response.status != 200:
            raise self._transport.failure(method, url, response)
        try:
            return msgspec.json.decode(read_bounded(response, _LIMIT, redacted(url)), type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise InvalidData(f"{redacted(url)}: not a token's answer") from None
        finally:
            response.close()

    def _must(self, name: str) -> str:
        found = self._environment.get(name)
        if not found:
            raise UsageError(f"{name} is not set", "Azure's tokens need it")
        return found


def _seconds(text: int | str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
