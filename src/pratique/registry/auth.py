"""Log in to a registry: basic, or a token for each scope (distribution's token and OAuth2 specifications)."""

import base64
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec
from urllib3.exceptions import HTTPError

from pratique.model.errors import InvalidData, PratiqueError, Refused, Unavailable
from pratique.model.reference import Reference
from pratique.registry import challenges, jwt
from pratique.registry.challenges import Challenge
from pratique.registry.credentials import Credentials, FindsCredentials
from pratique.registry.hosts import redacted, split
from pratique.registry.transport import Transport

_LIFETIME = 60.0  # seconds, when the server doesn't say (token specification)
_EARLY = 0.1  # a token is renewed after nine tenths of its life
_ANSWER_LIMIT = 1024 * 1024  # bytes


class _Token(msgspec.Struct, frozen=True):
    token: str = ""
    access_token: str = ""
    expires_in: float | None = None


class Authenticator:
    """The Authorization headers for one registry, kept until they expire. Thread-safe.

    `clock` counts seconds, `now` gives seconds since the epoch.
    """

    def __init__(
        self,
        transport: Transport,
        credentials: FindsCredentials,
        *,
        plain_http: bool,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._plain_http = plain_http
        self._clock = clock
        self._now = now
        self._challenge: Challenge | None = None
        self._headers: dict[frozenset[str], tuple[str, float]] = {}
        self._advice: dict[frozenset[str], str] = {}
        self._lock = threading.Lock()

    def header(self, scopes: frozenset[str], reference: Reference) -> str | None:
        """The Authorization header to send; None until the registry has asked for one. Raises Refused, Unavailable."""
        with self._lock:
            kept = self._headers.get(scopes)
            if kept and kept[1] > self._clock():
                return kept[0]
            return self._log_in(scopes, reference) if self._challenge else None

    def challenged(
        self, www_authenticate: str, sent: str | None, scopes: frozenset[str], reference: Reference
    ) -> str | None:
        """The header to try after a 401 to the header `sent`; None where there is nothing better to say."""
        found = {challenge.scheme: challenge for challenge in reversed(challenges.parse(www_authenticate))}
        challenge = found.get("bearer") or found.get("basic")
        with self._lock:
            kept = self._headers.get(scopes)
            if kept and kept[0] != sent:
                return kept[0]  # another thread was faster
            self._headers.pop(scopes, None)
            self._challenge = challenge or self._challenge
            header = self._log_in(scopes, reference) if challenge else None
        return header if header != sent else None

    def advice(self, scopes: frozenset[str]) -> str:
        """What a user should know when the registry refuses a request of these scopes nonetheless; or nothing."""
        with self._lock:
            return self._advice.get(scopes, "")

    def _log_in(self, scopes: frozenset[str], reference: Reference) -> str | None:
        assert self._challenge is not None  # noqa: S101 - both callers have looked
        known = self._credentials.find(reference)
        if self._challenge.scheme == "basic":
            if known is None or not known.username:
                return None
            header, life = _basic(known), float("inf")
        else:
            token, life = self._renewed(self._challenge, known, scopes, reference)
            header = f"Bearer {token}"
        self._headers[scopes] = (header, self._clock() + life * (1 - _EARLY))
        return header

    def _renewed(
        self, challenge: Challenge, known: Credentials | None, scopes: frozenset[str], reference: Reference
    ) -> tuple[str, float]:
        try:
            return self._token(challenge, known, scopes)
        except Refused:
            if known is None or not self._credentials.forget(reference, known):
                raise
        return self._token(challenge, self._credentials.find(reference), scopes)

    def _token(self, challenge: Challenge, known: Credentials | None, scopes: frozenset[str]) -> tuple[str, float]:
        realm = challenge.parameters.get("realm", "")
        if split(realm).scheme != "https" and not self._plain_http:
            raise InvalidData(f"the registry asks to log in over plain HTTP at {redacted(realm)}", "this is refused")
        service = challenge.parameters.get("service", "")
        wanted = sorted(scopes or challenge.parameters.get("scope", "").split())
        if known and known.identity_token:
            answer = self._ask("POST", realm, _oauth_form(known.identity_token, service, wanted), known)
        else:
            separator = "&" if "?" in realm else "?"
            answer = self._ask("GET", realm + separator + _query(known, service, wanted), None, known)
        token = answer.token or answer.access_token
        if not token or not token.isascii() or not token.isprintable():
            raise InvalidData(f"{redacted(realm)} answered without a token")
        claims = jwt.claims(token)
        self._advice[scopes] = "; ".join(filter(None, (jwt.narrowed(wanted, claims), known.why if known else "")))
        said = answer.expires_in if answer.expires_in and answer.expires_in > 0 else None
        return token, said or jwt.lifetime(claims, self._now()) or _LIFETIME

    def _ask(self, method: str, url: str, form: bytes | None, known: Credentials | None) -> _Token:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        if known and known.username and not known.identity_token:
            headers["Authorization"] = _basic(known)
        response = self._transport.send(method, url, headers, form)
        if response.status != 200:
            raise _refused(self._transport.failure(method, url, response), known)
        try:
            data = response.read(_ANSWER_LIMIT)
            return msgspec.json.decode(data, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise InvalidData(f"{redacted(url)} did not answer with a token") from None
        except (HTTPError, OSError) as error:
            raise Unavailable(f"{redacted(url)}: the answer broke off") from error
        finally:
            response.close()


def _refused(error: PratiqueError, known: Credentials | None) -> PratiqueError:
    if isinstance(error, Unavailable) or known is None:
        return error
    if not known.username and not known.identity_token:
        return Refused(error.what, known.why)
    who = known.username or "with the stored identity token"
    return Refused(error.what, f"the login {who!r} was not accepted: log in again")


def _basic(known: Credentials) -> str:
    return "Basic " + base64.b64encode(f"{known.username}:{known.password}".encode()).decode()


def _query(known: Credentials | None, service: str, scopes: list[str]) -> str:
    account = [("account", known.username)] if known and known.username else []
    return urlencode([*([("service", service)] if service else []), *account, *(("scope", scope) for scope in scopes)])


def _oauth_form(token: str, service: str, scopes: list[str]) -> bytes:
    fields = {
        "grant_type": "refresh_token",
        "service": service,
        "client_id": "pratique",
        "scope": " ".join(scopes),
        "refresh_token": token,
    }
    return urlencode(fields).encode()
