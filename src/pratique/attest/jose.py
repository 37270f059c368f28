"""Signatures as JOSE and COSE write them: RSA-PSS, and ECDSA as raw r||s, the algorithm fixed by the key.

Source: RFC 7518 section 3; RFC 9053; notaryproject/specifications `signature-specification.md`, "Signature Algorithm".
"""

from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import HashAlgorithm


class Algorithm(NamedTuple):
    """An algorithm: its name in JOSE, its number in COSE, and its hash (hashlib's word)."""

    name: str
    cose: int
    hash: str


ALGORITHMS = (
    Algorithm("PS256", -37, "sha256"),
    Algorithm("PS384", -38, "sha384"),
    Algorithm("PS512", -39, "sha512"),
    Algorithm("ES256", -7, "sha256"),
    Algorithm("ES384", -35, "sha384"),
    Algorithm("ES512", -36, "sha512"),
)
BY_NAME = {each.name: each for each in ALGORITHMS}
BY_COSE = {each.cose: each for each in ALGORITHMS}
_RSA_SIZES = {2048: "PS256", 3072: "PS384", 4096: "PS512"}
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def algorithm_of(key: object) -> Algorithm:
    """The one algorithm that a public or private key may be used with. Raises InvalidData for other kinds of keys."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    name = None
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        name = _RSA_SIZES.get(key.key_size)
    elif isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        name = _CURVES.get(key.curve.name)
    if name is None:
        raise InvalidData(
            "a key that the Notary Project has no algorithm for",
            "RSA of 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521",
        )
    return BY_NAME[name]


def verify(key: object, data: bytes, signature: bytes) -> bool:
    """Whether the public key made this signature, with its own algorithm. Raises InvalidData for unfit keys."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    algorithm = hash_of(algorithm_of(key).hash)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _pss(algorithm), algorithm)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(to_der(signature, key.curve.key_size), data, ec.ECDSA(algorithm))
            return True
    except InvalidSignature:
        return False
    raise InvalidData("not a public key")


def sign(key: object, data: bytes) -> bytes:
    """The signature over these bytes. Raises InvalidData for kinds of keys that have no algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    algorithm = hash_of(algorithm_of(key).hash)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, _pss(algorithm), algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return from_der(key.sign(data, ec.ECDSA(algorithm)), key.curve.key_size)
    raise InvalidData("not a private key")


def to_der(raw: bytes, bits: int) -> bytes:
    """An ECDSA signature r||s on a curve of so many bits as ASN.1 DER; empty (verifies nowhere) when ill-sized."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = (bits + 7) // 8
    if len(raw) != 2 * half:
        return b""
    return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


def from_der(der: bytes, bits: int) -> bytes:
    """An ECDSA signature in ASN.1 DER as r||s, each padded to the curve's size."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    half = (bits + 7) // 8
    r, s = decode_dss_signature(der)
    return r.to_bytes(half) + s.to_bytes(half)


def hash_of(name: str) -> "HashAlgorithm":
    """A hash by hashlib's word: sha256, sha384 or sha512."""
    from cryptography.hazmat.primitives import hashes

    return {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[name]


def _pss(algorithm: "HashAlgorithm") -> "padding.PSS":
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
