"""Entra, the machine's identity service and ACR as their documentation describes them, on loopback.

Nobody can test against Azure's own here. Tokens are made and checked by the twin; behind ACR's gate is a real
docker-registry.
"""

import base64
import itertools
import json
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.registry.servers import Answer, Request, forward, serve

CLIENT, TENANT, SECRET = "11111111-aaaa", "22222222-bbbb", "the~client~secret"
RESOURCE = "https://containerregistry.azure.net"
PASSWORD = ("my-token", "repository-token-password")
_SERIAL = itertools.count()


def token(**claims: object) -> str:
    parts = ({"alg": "RS256"}, {"jti": next(_SERIAL), **claims})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*encoded, "c2lnbmF0dXJl"))


def answer(status: int, document: object, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **headers}, json.dumps(document).encode())


class Azure:
    """Start it, point an environment at it, look at what it was asked."""

    def __init__(self, stack: ExitStack, backend: str, folder: Path) -> None:
        self.backend = backend
        self.entra = stack.enter_context(serve(self._entra))
        self.imds = stack.enter_context(serve(self._imds))
        self.registry = stack.enter_context(serve(self._acr))
        self.service = "myregistry.azurecr.io"
        self.file = folder / "azure-identity-token"
        self.file.write_text("assertion-1\n")
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.imds_says: list[Answer] = []
        self.tokens: set[str] = set()
        self.refresh: set[str] = set()
        self.access: dict[str, list[str]] = {}
        self.skew = 0.0  # seconds that Azure's clock is ahead of ours
        self.actions = {"pull", "push"}
        self.catalog = False
        self.anonymous = False
        self.welcome = True

    def environment(self, *kinds: str) -> dict[str, str]:
        """What a pod or a machine of the kinds `workload`, `secret`, `machine` would have."""
        identity = {
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_AUTHORITY_HOST": f"http://{self.entra}/",
        }
        nowhere = "http://127.0.0.1:1"
        machine = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://{self.imds}" if "machine" in kinds else nowhere}
        return {
            "PRATIQUE_ACR_HOSTS": self.registry,
            **machine,
            **(identity if {"workload", "secret"} & set(kinds) else {}),
            **({"AZURE_FEDERATED_TOKEN_FILE": str(self.file)} if "workload" in kinds else {}),
            **({"AZURE_CLIENT_SECRET": SECRET} if "secret" in kinds else {}),
        }

    def asked_for(self, what: str) -> list[dict[str, str]]:
        return [form for name, form in self.asked if name == what]

    def _entra(self, request: Request) -> Answer:
        form = dict(parse_qsl(request.body.decode()))
        self.asked.append(("entra", form))
        assert (request.method, request.path) == ("POST", f"/{TENANT}/oauth2/v2.0/token")
        assert (form["grant_type"], form["scope"]) == ("client_credentials", f"{RESOURCE}/.default")
        proof = form.get("client_secret") or form.get("client_assertion")
        if form["client_id"] != CLIENT or proof not in {SECRET, self.file.read_text().strip()}:
            said = f"AADSTS7000215: Invalid client secret provided: {proof}.\r\nTrace ID: 1"
            return answer(401, {"error": "invalid_client", "error_description": said})
        return answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": self._issue()})

    def _imds(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query))
        self.asked.append(("imds", query))
        if self.imds_says:
            return self.imds_says.pop(0)
        assert url.path == "/metadata/identity/oauth2/token"
        if request.headers.get("Metadata") != "true" or query["api-version"] != "2018-02-01":
            return answer(400, {"error": "invalid_request"})
        if query["resource"] != RESOURCE:
            return answer(400, {"error": "invalid_resource"})
        return answer(200, {"access_token": self._issue(), "expires_in": "86399", "expires_on": "1", "client_id": "x"})

    def _issue(self) -> str:
        issued = token(aud=RESOURCE)
        self.tokens.add(issued)
        return issued

    def _acr(self, request: Request) -> Answer:
        url = urlsplit(request.path)
        if url.path == "/oauth2/exchange":
            return self._exchange(dict(parse_qsl(request.body.decode())))
        if url.path == "/oauth2/token":
            return self._token(request)
        needed = _scope(request.method, url.path)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if bearer not in self.access or (needed and not _granted(needed, self.access[bearer])):
            scope = f',scope="{needed}"' if needed else ""
            challenge = f'Bearer realm="http://{self.registry}/oauth2/token",service="{self.service}"{scope}'
            said = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
            return answer(401, said, **{"WWW-Authenticate": challenge})
        headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
        return forward(self.backend, request._replace(headers=headers))

    def _exchange(self, form: dict[str, str]) -> Answer:
        self.asked.append(("exchange", form))
        assert (form["grant_type"], form["service"]) == ("access_token", self.service)
        if form["access_token"] not in self.tokens or not self.welcome:
            return answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": form["access_token"]}]})
        now = time.time() + self.skew
        refresh = token(iat=now, nbf=now, exp=now + 3 * 3600, grant_type="refresh_token", aud=self.service)
        self.refresh.add(refresh)
        return answer(200, {"refresh_token": refresh})

    def _token(self, request: Request) -> Answer:
        form = request.body.decode() if request.method == "POST" else urlsplit(request.path).query
        fields = parse_qs(form, keep_blank_values=True)
        self.asked.append(("token", {name: values[0] for name, values in fields.items()}))
        assert fields["service"] == [self.service]
        allowed = self._allowed(request, fields)
        if allowed is None:
            return answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
        access = []
        for scope in " ".join(fields.get("scope", [])).split():
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            wanted = allowed & set(actions.split(",")) if kind == "repository" else {"*"} if self.catalog else set()
            access.append({"type": kind, "name": name, "actions": sorted(wanted)})
        now = time.time() + self.skew
        issued = token(iat=now, nbf=now, exp=now + 4500, access=access, grant_type="access_token")
        self.access[issued] = [f"{one['type']}:{one['name']}:{action}" for one in access for action in one["actions"]]
        return answer(200, {"access_token": issued})

    def _allowed(self, request: Request, fields: dict[str, list[str]]) -> set[str] | None:
        authorization = request.headers.get("Authorization", "")
        if authorization:
            known = base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":") == list(PASSWORD)
            return self.actions if known else None
        if fields.get("grant_type") == ["refresh_token"]:
            return self.actions if fields["refresh_token"][0] in self.refresh else None
        return {"pull"} if self.anonymous else None


def _scope(method: str, path: str) -> str:
    if path == "/v2/":
        return ""
    if path == "/v2/_catalog":
        return "registry:catalog:*"
    name = path.removeprefix("/v2/")
    for part in ("/manifests/", "/blobs/", "/tags/", "/referrers/"):
        name = name.partition(part)[0]
    return f"repository:{name}:{'pull' if method in {'GET', 'HEAD'} else 'push'}"


def _granted(needed: str, access: list[str]) -> bool:
    return needed in access
