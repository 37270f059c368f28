"""Keys: made, opened, used; and what happens with files that are not keys."""

import base64
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from pratique.attest import key_file, keys
from pratique.model.errors import InvalidData, PratiqueError, UsageError


@pytest.fixture(scope="module")
def pair() -> keys.KeyPair:
    return keys.generate(b"secret")


def test_a_generated_pair_signs_and_verifies(pair: keys.KeyPair) -> None:
    signer, verifier = keys.load_private(pair.private_pem, b"secret"), keys.load_public(pair.public_pem)
    assert verifier.verify(b"hello", signer.sign(b"hello"))
    assert not verifier.verify(b"hellO", signer.sign(b"hello"))
    assert signer.key_id == verifier.key_id
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", signer.key_id)


def test_a_private_key_file_looks_like_cosigns(pair: keys.KeyPair) -> None:
    assert pair.private_pem.startswith(b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    document = json.loads(key_file.pem_block(pair.private_pem)[1])
    assert document["kdf"]["name"] == "scrypt"
    assert document["kdf"]["params"] == {"N": 65536, "r": 8, "p": 1}
    assert document["cipher"]["name"] == "nacl/secretbox"
    assert b"PRIVATE KEY" not in base64.b64decode(document["ciphertext"])


def test_a_wrong_password_is_told_apart_from_a_damaged_file(pair: keys.KeyPair) -> None:
    with pytest.raises(UsageError, match="password"):
        keys.load_private(pair.private_pem, b"wrong")
    with pytest.raises(InvalidData, match="PEM"):
        keys.load_private(pair.private_pem[:-30], b"secret")


def test_the_old_cosign_pem_type_opens_too(pair: keys.KeyPair) -> None:
    old = pair.private_pem.replace(b"SIGSTORE", b"COSIGN")
    assert keys.load_private(old, b"secret").key_id == keys.load_public(pair.public_pem).key_id


def test_an_empty_password_is_allowed() -> None:
    pair = keys.generate(b"")
    assert keys.load_private(pair.private_pem).key_id == keys.load_public(pair.public_pem).key_id


@pytest.mark.parametrize("cost", [{"N": 2**30, "r": 8, "p": 1}, {"N": 65536, "r": 8000, "p": 1}])
def test_a_key_file_may_not_choose_how_much_memory_we_use(pair: keys.KeyPair, cost: dict[str, int]) -> None:
    document = json.loads(key_file.pem_block(pair.private_pem)[1])
    document["kdf"]["params"] = cost
    with pytest.raises(InvalidData, match="scrypt cost"):
        key_file.decrypt(json.dumps(document).encode(), b"secret")


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["p256", "p384", "p521", "ed25519", "rsa"],
)
def test_plain_pem_keys_of_every_kind_sign_and_verify(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey,
) -> None:
    signer = keys.load_private(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    verifier = keys.load_public(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verifier.verify(b"data", signer.sign(b"data"))
    assert not verifier.verify(b"data", signer.sign(b"other"))
    assert not verifier.verify(b"data", b"")


@pytest.mark.parametrize("kind", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)])
def test_traditional_openssl_keys_open(kind: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem = kind.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert keys.load_private(pem).sign(b"x")


def test_an_openssl_encrypted_key_opens_with_its_password_only() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    assert keys.load_private(pem, b"secret").sign(b"x")
    for wrong in (b"wrong", b""):
        with pytest.raises(UsageError, match="password"):
            keys.load_private(pem, wrong)


def test_kinds_of_keys_that_are_weak_or_unknown_are_refused() -> None:
    weak: list[Any] = [
        rsa.generate_private_key(65537, 1024),
        dsa.generate_private_key(2048),
        ec.generate_private_key(ec.SECP256K1()),
    ]
    for key in weak:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with pytest.raises(InvalidData, match="P-256"):
            keys.load_private(pem)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(InvalidData, match="P-256"):
            keys.load_public(public)


def test_a_private_key_given_as_the_public_one_is_refused_and_the_other_way_round(pair: keys.KeyPair) -> None:
    with pytest.raises(InvalidData, match="private one"):
        keys.load_public(pair.private_pem)
    with pytest.raises(InvalidData, match="not a private key"):
        keys.load_private(pair.public_pem)


def test_ten_megabytes_of_anything_are_not_a_key() -> None:
    with pytest.raises(InvalidData, match="PEM"):
        keys.load_public(b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 10_000_000)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda b: _pem("PRIVATE KEY", b))))
def test_no_bytes_make_loading_fail_in_another_way_than_ours(data: bytes) -> None:
    for load in (keys.load_private, keys.load_public):
        with pytest.raises(PratiqueError):
            load(data)


@given(st.binary(max_size=200), st.sampled_from(["PUBLIC KEY", "ENCRYPTED SIGSTORE PRIVATE KEY", "EC PRIVATE KEY"]))
def test_no_pem_content_makes_loading_fail_in_another_way_than_ours(content: bytes, kind: str) -> None:
    for load in (keys.load_private, keys.load_public):
        with pytest.raises(PratiqueError):
            load(_pem(kind, content))


def _pem(kind: str, content: bytes) -> bytes:
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (kind.encode(), base64.b64encode(content), kind.encode())
