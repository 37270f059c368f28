"""Keys that are elsewhere than in a file: in variables, in Kubernetes secrets, in an Azure Key Vault."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from pratique.attest import jose, key_sources, keys
from pratique.attest.key_sources import File, Secret, Variable, VaultKey
from pratique.attest.key_vault import VaultSigner
from pratique.attest.notation.sign import Identity, Kind, sign_image
from pratique.attest.notation.verify import verify_image
from pratique.attest.sign import sign_image as sign_as_cosign
from pratique.attest.verify import verify_image as verify_as_cosign
from pratique.model.errors import InvalidData, NotFound, Refused, UsageError
from pratique.model.reference import Reference
from pratique.registry.in_memory import InMemoryRegistry
from pratique.registry.pack import pack
from pratique.registry.transport import Transport
from pratique.wiring.azure_tokens import VAULTS, AzureTokens
from tests.attest.notation.material import NOW, policy, store
from tests.registry.servers import Answer, Request, serve
from tests.support.certificates import PrivateKey, issue, new_key


@pytest.mark.parametrize(
    ("where", "meant"),
    [
        ("cosign.key", File("cosign.key")),
        ("-", File("-")),
        ("/a/b:c", File("/a/b:c")),
        ("env://COSIGN_KEY", Variable("COSIGN_KEY")),
        ("k8s://team-a/signing", Secret("team-a", "signing")),
        ("azurekms://Acme.vault.azure.net/release", VaultKey("acme.vault.azure.net", "release")),
        ("azurekms://acme.vault.azure.net/release/0a1b", VaultKey("acme.vault.azure.net", "release", "0a1b")),
    ],
)
def test_a_keys_place_is_read(where: str, meant: key_sources.Source) -> None:
    assert key_sources.parse(where) == meant


@pytest.mark.parametrize(
    "where",
    [
        *("env://", "env://A-B", "k8s://a", "k8s://a/b/c", "k8s://../b", "awskms://x", "https://x/y", "azurekms://v"),
        *(
            "azurekms://v/../k",
            "azurekms://v/k/../secrets/x",
            "azurekms://user@v/k",
            "azurekms://v/k?x=1",
            "x://" * 9999,
        ),
    ],
)
def test_a_place_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(UsageError, match="not where a key can be"):
        key_sources.parse(where)


class Cluster:
    def __init__(self, **data: bytes) -> None:
        self._data = {key.replace("_", "."): value for key, value in data.items()}

    def secret(self, namespace: str, name: str) -> Mapping[str, bytes]:
        assert (namespace, name) == ("team", "signing")
        return self._data


def test_a_secret_of_cosigns_is_opened_with_the_password_in_it() -> None:
    pair = keys.generate(b"secret")
    cluster = Cluster(cosign_key=pair.private_pem, cosign_pub=pair.public_pem, cosign_password=b"secret")
    source = Secret("team", "signing")
    signer = key_sources.private_of_secret(source, cluster)
    assert signer.key_id == key_sources.public_of_secret(source, cluster).key_id
    assert key_sources.public_of_secret(source, Cluster(cosign_pub=pair.public_pem)).key_id == signer.key_id
    with pytest.raises(UsageError, match="password"):
        key_sources.private_of_secret(source, Cluster(cosign_key=pair.private_pem, cosign_password=b"wrong"))
    with pytest.raises(NotFound, match="holds no"):
        key_sources.private_of_secret(source, Cluster(other=b""))


def test_a_tls_secret_holds_a_key_too() -> None:
    issued = issue()
    found = key_sources.private_of_secret(Secret("team", "signing"), Cluster(tls_key=issued.key_pem))
    assert found.key_id == keys.load_private(issued.key_pem).key_id


class Vault:
    """Azure Key Vault's two operations on keys, and the token service, in the shape that Microsoft documents."""

    def __init__(self, key: PrivateKey) -> None:
        self.key = key
        self.requests: list[Request] = []
        self.lies: dict[str, object] = {}
        self.host = ""

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        parts = urlsplit(request.path)
        if parts.path == "/acme/oauth2/v2.0/token":
            form = parse_qs(request.body.decode())
            known = form.get("client_secret") == ["s3cret"] or form.get("client_assertion") == ["a.jwt"]
            assert form["scope"] == ["https://vault.azure.net/.default"]
            return _json({"access_token": "good", "expires_in": 3599}) if known else _json({"error": "no"}, 401)
        if parts.path == "/metadata/identity/oauth2/token":
            assert request.headers["Metadata"] == "true"
            return _json({"access_token": "good", "expires_in": "3599"})
        if request.headers.get("Authorization") != "Bearer good":
            return _json({"error": {"code": "Unauthorized"}}, 401)
        assert parse_qs(parts.query) == {"api-version": ["7.4"]}
        if parts.path in {"/keys/release", "/keys/release/v1"}:
            return _json({"key": {**self._jwk(), **self.lies}, "attributes": {"enabled": True}})
        if parts.path == "/keys/release/v1/sign":
            asked = json.loads(request.body)
            made = self._sign(asked["alg"], _decoded(asked["value"]))
            return _json({"kid": self._kid, "value": self.lies.get("value") or _encoded(made)})
        return _json({"error": {"code": "KeyNotFound"}}, 404)

    @property
    def _kid(self) -> str:
        return f"https://{self.host}/keys/release/v1"

    def _jwk(self) -> dict[str, object]:
        if isinstance(self.key, rsa.RSAPrivateKey):
            numbers = self.key.public_key().public_numbers()
            return {"kid": self._kid, "kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        point = self.key.public_key().public_numbers()
        curve = {256: "P-256", 384: "P-384", 521: "P-521"}[self.key.curve.key_size]
        size = (self.key.curve.key_size + 7) // 8
        return {
            "kid": self._kid,
            "kty": "EC-HSM",
            "crv": curve,
            "x": _encoded(point.x.to_bytes(size)),
            "y": _encoded(point.y.to_bytes(size)),
        }

    def _sign(self, algorithm: str, digest: bytes) -> bytes:
        kind = jose.hash_of(f"sha{algorithm[2:]}")
        assert len(digest) == kind.digest_size
        if isinstance(self.key, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(kind), kind.digest_size)
            return self.key.sign(digest, padding.PKCS1v15() if algorithm[:2] == "RS" else pss, Prehashed(kind))
        assert algorithm[:2] == "ES"
        r, s = decode_dss_signature(self.key.sign(digest, ec.ECDSA(Prehashed(kind))))
        size = (self.key.curve.key_size + 7) // 8
        return r.to_bytes(size) + s.to_bytes(size)


KINDS = pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521", "RSA-2048", "RSA-3072"])


@pytest.fixture
def kind() -> str:
    return "P-256"


@pytest.fixture
def vault(kind: str) -> Iterator[Vault]:
    found = Vault(new_key(kind))
    with serve(found) as host:
        found.host = host
        yield found


@pytest.fixture
def transport() -> Iterator[Transport]:
    found = Transport(attempts=1)
    yield found
    found.close()


def opened(vault: Vault, transport: Transport, token: str = "good", version: str = "") -> VaultSigner:
    return VaultSigner(VaultKey(vault.host, "release", version), transport, lambda: token)


@KINDS
def test_a_vaults_key_signs_for_cosign_and_for_notation(vault: Vault, transport: Transport, tmp_path: Path) -> None:
    signer = opened(vault, transport)
    certificate = issue(key=vault.key)
    repository = InMemoryRegistry().repository(Reference.parse("registry.example/app"))
    digest = pack(repository, [b""], tag="1").digest
    sign_as_cosign(repository, digest, signer, repository.reference)
    assert verify_as_cosign(repository, digest, [keys.load_private(certificate.key_pem).public])
    identity, statement = Identity(signer, certificate.chain_pem), policy().statements[0]
    for envelope in Kind:
        sign_image(repository, digest, identity, NOW, kind=envelope)
    (found,) = verify_image(repository, digest, statement, store(tmp_path, certificate), NOW)
    assert found.key_id == signer.key_id
    assert all(request.path.startswith("/keys/release") for request in vault.requests)


def test_a_vault_is_asked_for_the_version_that_was_named(vault: Vault, transport: Transport) -> None:
    assert opened(vault, transport, version="v1").key_id == opened(vault, transport).key_id
    with pytest.raises(NotFound):
        opened(vault, transport, version="v2")


def test_a_vault_that_does_not_know_us_refuses(vault: Vault, transport: Transport) -> None:
    with pytest.raises(Refused):
        opened(vault, transport, "stale")


@pytest.mark.parametrize(
    "lie",
    [
        {"kid": "https://vault/keys/release/v2"},
        {"kid": "https://vault/keys/other"},
        {"kty": "oct"},
        {"crv": "P-256K"},
        {"x": "AAAA"},
        {"x": "%%%"},
        {"kid": 7},
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
    ],
)
def test_a_vaults_key_that_makes_no_sense_is_refused(
    vault: Vault, transport: Transport, lie: dict[str, object]
) -> None:
    vault.lies = lie
    with pytest.raises(InvalidData):
        opened(vault, transport, version="v1")


@pytest.mark.parametrize("value", ["AAAA", "%%%", base64.urlsafe_b64encode(bytes(64)).decode()])
def test_a_vaults_wrong_signature_is_not_handed_on(vault: Vault, transport: Transport, value: str) -> None:
    signer = opened(vault, transport)
    vault.lies = {"value": value}
    for sign in (signer.sign, signer.sign_jose):
        with pytest.raises(InvalidData):
            sign(b"data")


ACME = {"AZURE_TENANT_ID": "acme", "AZURE_CLIENT_ID": "us"}


def test_tokens_come_from_a_workloads_identity_a_secret_or_the_machine(
    vault: Vault, transport: Transport, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("a.jwt\n")
    here = {**ACME, "AZURE_AUTHORITY_HOST": f"http://{vault.host}/"}
    federated = {**here, "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")}
    for environment in (federated, {**here, "AZURE_CLIENT_SECRET": "s3cret"}, {}):
        tokens = AzureTokens(VAULTS, transport, environment, f"http://{vault.host}")
        assert opened(vault, transport, tokens()).sign(b"data")
        assert tokens() == "good"
    assert sum("token" in request.path for request in vault.requests) == 3


def test_a_token_that_is_refused_or_cannot_be_asked_for_is_told(vault: Vault, transport: Transport) -> None:
    here = {**ACME, "AZURE_AUTHORITY_HOST": f"http://{vault.host}/", "AZURE_CLIENT_SECRET": "wrong"}
    with pytest.raises(Refused):
        AzureTokens(VAULTS, transport, here)()
    for broken in (
        {**here, "AZURE_TENANT_ID": ""},
        {**here, "AZURE_AUTHORITY_HOST": "http://login.example/"},
        {**here, "AZURE_FEDERATED_TOKEN_FILE": "/no/such/file"},
    ):
        with pytest.raises(UsageError):
            AzureTokens(VAULTS, transport, broken)()


def test_ecdsa_signatures_keep_their_value_in_both_encodings() -> None:
    key = ec.generate_private_key(ec.SECP521R1())
    raw = jose.sign(key, b"data")
    assert len(raw) == 132
    assert jose.from_der(jose.to_der(raw, 521), 521) == raw
    assert jose.verify(key.public_key(), b"data", raw)
    assert not jose.verify(key.public_key(), b"data", raw[:-1])
    assert not jose.verify(key.public_key(), b"date", raw)


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(document: object, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())
