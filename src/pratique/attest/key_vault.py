"""A key in an Azure Key Vault: it signs for us and never leaves the vault.

Source: Azure Key Vault REST API 7.4, "Get Key" and "Sign" (learn.microsoft.com/rest/api/keyvault/keys).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pratique.attest import jose
from pratique.attest.key_sources import VaultKey
from pratique.attest.keys import Verifier
from pratique.model.errors import InvalidData
from pratique.registry.hosts import base_url

if TYPE_CHECKING:
    from pratique.attest.keys import PublicKey
    from pratique.registry.transport import Transport

T = TypeVar("T")
_API = "api-version=7.4"
_LIMIT = 256 * 1024  # bytes of an answer
_VERSION = re.compile(r"/keys/[^/]+/([A-Za-z0-9]{1,64})$")


class _Jwk(msgspec.Struct):
    kid: str
    kty: str
    crv: str = ""
    x: str = ""
    y: str = ""
    n: str = ""
    e: str = ""


class _Key(msgspec.Struct):
    key: _Jwk


class _Signed(msgspec.Struct):
    value: str


class VaultSigner:
    """A key in a vault; `attest.keys.Signs`. Each signature is one request.

    `token` gives the bearer token for each request. Raises Refused, NotFound, Unavailable, and InvalidData when the
    vault's answer makes no sense or its signature doesn't verify.
    """

    def __init__(self, source: VaultKey, transport: "Transport", token: Callable[[], str]) -> None:
        self._transport = transport
        self._token = token
        self._base = base_url(source.host)
        self._where = f"azurekms://{source.host}/{source.name}"
        path = f"/keys/{source.name}" + (f"/{source.version}" if source.version else "")
        jwk = self._asked("GET", path, None, _Key).key
        version = _VERSION.search(jwk.kid)
        if version is None or (source.version and version[1] != source.version):
            raise InvalidData(f"{self._where}: the vault answered with another key: {jwk.kid[:100]!r}")
        self._path = f"/keys/{source.name}/{version[1]}/sign"
        self._key = _public(jwk, self._where)
        self.public = Verifier(self._key)
        self.key_id = self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """The signature as cosign expects it: ECDSA in DER, RSA with PKCS #1 v1.5 and SHA-256."""
        from cryptography.hazmat.primitives.asymmetric import ec

        if isinstance(self._key, ec.EllipticCurvePublicKey):
            made = jose.to_der(self._signed(jose.algorithm_of(self._key).name, data), self._key.curve.key_size)
        else:
            made = self._signed("RS256", data)
        if not self.public.verify(data, made):
            raise InvalidData(f"{self._where}: the vault's signature is wrong")
        return made

    def sign_jose(self, data: bytes) -> bytes:
        """The signature as JOSE and COSE write it: ECDSA as r||s, RSA as PSS. Raises InvalidData for other keys."""
        made = self._signed(jose.algorithm_of(self._key).name, data)
        if not jose.verify(self._key, data, made):
            raise InvalidData(f"{self._where}: the vault's signature is wrong")
        return made

    def _signed(self, algorithm: str, data: bytes) -> bytes:
        digest = hashlib.new(f"sha{algorithm[2:]}", data).digest()
        body = msgspec.json.encode({"alg": algorithm, "value": _encoded(digest)})
        return _decoded(self._asked("POST", self._path, body, _Signed).value, self._where)

    def _asked(self, method: str, path: str, body: bytes | None, kind: type[T]) -> T:
        from pratique.registry.client import read_bounded

        url = f"{self._base}{path}?{_API}"
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": "application/json"}
        response = self._transport.send(method, url, headers, body)
        if response.status != 200:
            raise self._transport.failure(method, url, response)
        try:
            return msgspec.json.decode(read_bounded(response, _LIMIT, self._where), type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidData(f"{self._where}: not a key vault's answer: {error}") from None
        finally:
            response.close()


def _public(jwk: _Jwk, where: str) -> "PublicKey":
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    try:
        if jwk.kty in {"EC", "EC-HSM"} and jwk.crv in curves:
            numbers = ec.EllipticCurvePublicNumbers(_number(jwk.x, where), _number(jwk.y, where), curves[jwk.crv])
            return numbers.public_key()
        if jwk.kty in {"RSA", "RSA-HSM"}:
            return rsa.RSAPublicNumbers(_number(jwk.e, where), _number(jwk.n, where)).public_key()
    except ValueError as error:
        raise InvalidData(f"{where}: not a key: {str(error)[:200]}") from None
    raise InvalidData(
        f"{where}: cannot sign with a key of kind {jwk.kty[:20]!r} {jwk.crv[:20]}",
        "use RSA, or EC on P-256, P-384 or P-521",
    )


def _number(text: str, where: str) -> int:
    return int.from_bytes(_decoded(text, where))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str, where: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidData(f"{where}: the vault's answer is not base64url") from None
