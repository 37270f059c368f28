"""Keys: made, loaded from PEM, used to sign and to verify, with the algorithm that cosign ties to each kind of key.

ECDSA P-256/SHA-256, P-384/SHA-384, P-521/SHA-512 (ASN.1 DER); RSA PKCS#1 v1.5 with SHA-256; Ed25519 on the message.
Source: sigstore `pkg/signature`; cosign `pkg/cosign/keys.go`.
"""

import hashlib
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from pratique.attest import key_file
from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

    PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
    PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
_KINDS = "ECDSA on P-256, P-384 or P-521, RSA of 2048 to 8192 bits, or Ed25519"


class Signs(Protocol):
    """A private key, wherever it is kept: in a file (`Signer`) or in a vault that signs for us."""

    public: "Verifier"
    key_id: str

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes, in the encoding that cosign expects of this kind of key."""

    def sign_jose(self, data: bytes) -> bytes:
        """The signature over these bytes as JOSE and COSE write it. Raises InvalidData for keys unknown to them."""


class KeyPair(NamedTuple):
    """A new key pair as PEM: the private one under its password in cosign's format, the public one as SPKI."""

    private_pem: bytes
    public_pem: bytes


class Verifier:
    """A public key. `key_id` is `sha256:` and the hex hash of its DER SubjectPublicKeyInfo, `pem` the file's form."""

    def __init__(self, key: "PublicKey") -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._key = key
        self.der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = "sha256:" + hashlib.sha256(self.der).hexdigest()

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether this key made `signature` over exactly these bytes."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

        try:
            if isinstance(self._key, ec.EllipticCurvePublicKey):
                self._key.verify(signature, data, ec.ECDSA(_curve_hash(self._key.curve.name)))
            elif isinstance(self._key, rsa.RSAPublicKey):
                self._key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private key, opened."""

    def __init__(self, key: "PrivateKey") -> None:
        self._key = key
        self.public = Verifier(key.public_key())
        self.key_id = self.public.key_id

    def sign(self, data: bytes) -> bytes:
        """The signature over these bytes, in the encoding that cosign expects of this kind of key."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(_curve_hash(self._key.curve.name)))
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data)

    def sign_jose(self, data: bytes) -> bytes:
        """The signature over these bytes as JOSE and COSE write it. Raises InvalidData for keys unknown to them."""
        from pratique.attest import jose

        return jose.sign(self._key, data)


def generate(password: bytes) -> KeyPair:
    """A new ECDSA P-256 key pair in cosign's formats; an empty password is allowed, as with cosign."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return KeyPair(key_file.encrypt(pkcs8, password), Verifier(key.public_key()).pem)


def load_private(pem: bytes, password: bytes = b"") -> Signer:
    """Open a private key: cosign's encrypted file, or plain PKCS#8, EC or RSA PEM.

    Raises UsageError when the password is wrong, InvalidData when it is not a private key or not of a kind we can use.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    pem_type, content = key_file.pem_block(pem)
    if "PRIVATE KEY" not in pem_type:
        raise InvalidData(f"not a private key but a {pem_type.lower()}", "give the private key's file to sign")
    try:
        if key_file.is_encrypted(pem_type):
            key = serialization.load_der_private_key(key_file.decrypt(content, password), None)
        else:
            wants_password = pem_type.startswith("ENCRYPTED") or b"Proc-Type: 4,ENCRYPTED" in pem
            key = serialization.load_pem_private_key(pem, password if wants_password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(error, "private") from None
    return Signer(_usable_private(key))


def load_public(pem: bytes) -> Verifier:
    """Load a public key (PEM `PUBLIC KEY`). Raises InvalidData when it is not one or not of a kind we can use."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    pem_type, _ = key_file.pem_block(pem)
    if "PRIVATE KEY" in pem_type:
        raise InvalidData("not a public key but a private one", "keep it safe; give the .pub file that belongs to it")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable(error, "public") from None
    return Verifier(usable_public(key))


def _unreadable(error: Exception, kind: str) -> Exception:
    words = str(error).lower()
    if "password" in words or "decrypt" in words:
        return UsageError("the password does not open this private key", "set COSIGN_PASSWORD to the right one")
    return InvalidData(f"not a {kind} key: {str(error)[:200]}", f"a PEM file with a key of {_KINDS}")


def _usable_private(key: object) -> "PrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        usable_public(key.public_key())
        return key
    raise InvalidData(f"cannot sign with a {type(key).__name__}", f"use {_KINDS}")


def usable_public(key: object) -> "PublicKey":
    """The key, if it is of a kind that we verify with. Raises InvalidData."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise InvalidData("a key of a kind that is not safe or not known to cosign", f"use {_KINDS}")


def _curve_hash(curve: str) -> "HashAlgorithm":
    from cryptography.hazmat.primitives import hashes

    return {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384(), "SHA512": hashes.SHA512()}[_CURVES[curve]]
