"""Cosign's encrypted private key files: PKCS#8 under nacl's secretbox, its key made from a password by scrypt.

Source: secure-systems-lab/go-securesystemslib `encrypted/encrypted.go`; sigstore/cosign `pkg/cosign/keys.go`.
"""

import base64
import binascii
import hashlib
import os
import re

import msgspec

from pratique.model.errors import InvalidData, UsageError

PEM_TYPE = "ENCRYPTED SIGSTORE PRIVATE KEY"
_PEM_TYPES = frozenset({PEM_TYPE, "ENCRYPTED COSIGN PRIVATE KEY"})
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")
_LIMIT = 64 * 1024  # bytes; a key file is below 2 KiB
_COSTS = (32768, 65536, 131072)  # the only ones that cosign accepts: a key file must not choose our memory


class _Params(msgspec.Struct, rename={"n": "N"}):
    n: int
    r: int
    p: int


class _Kdf(msgspec.Struct):
    name: str
    params: _Params
    salt: bytes


class _Cipher(msgspec.Struct):
    name: str
    nonce: bytes


class _Encrypted(msgspec.Struct):
    kdf: _Kdf
    cipher: _Cipher
    ciphertext: bytes


def pem_block(data: bytes) -> tuple[str, bytes]:
    """The type and content of the first PEM block in `data`. Raises InvalidData."""
    match = _PEM.search(data) if len(data) <= _LIMIT else None
    if match is None:
        raise InvalidData("not a key: no PEM block in it", "a key file begins with -----BEGIN ...-----")
    try:
        return match[1].decode(), base64.b64decode(b"".join(match[2].split()), validate=True)
    except binascii.Error as error:
        raise InvalidData(f"not a key: its PEM block is damaged ({error})") from None


def is_encrypted(pem_type: str) -> bool:
    """Whether a PEM type is one of cosign's encrypted ones."""
    return pem_type in _PEM_TYPES


def encrypt(pkcs8: bytes, password: bytes) -> bytes:
    """A PEM file with the PKCS#8 DER under the password, as `cosign generate-key-pair` writes it."""
    from nacl.secret import SecretBox

    salt, nonce = os.urandom(32), os.urandom(SecretBox.NONCE_SIZE)
    params = _Params(n=65536, r=8, p=1)
    ciphertext = SecretBox(_derive(password, salt, params)).encrypt(pkcs8, nonce).ciphertext
    document = _Encrypted(_Kdf("scrypt", params, salt), _Cipher("nacl/secretbox", nonce), ciphertext)
    lines = base64.encodebytes(msgspec.json.encode(document)).replace(b"\n", b"")
    body = b"\n".join(lines[i : i + 64] for i in range(0, len(lines), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (PEM_TYPE.encode(), body, PEM_TYPE.encode())


def decrypt(document: bytes, password: bytes) -> bytes:
    """The PKCS#8 DER in an encrypted key's JSON.

    Raises InvalidData when it is damaged, UsageError when the password is wrong.
    """
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    try:
        key = msgspec.json.decode(document, type=_Encrypted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidData(f"not an encrypted private key: {error}") from None
    problem = _problem(key, SecretBox.NONCE_SIZE)
    if problem:
        raise InvalidData(f"cannot read this encrypted private key: {problem}")
    try:
        return SecretBox(_derive(password, key.kdf.salt, key.kdf.params)).decrypt(key.ciphertext, key.cipher.nonce)
    except CryptoError:
        raise UsageError(
            "the password does not open this private key", "set COSIGN_PASSWORD to the one that it was made with"
        ) from None


def _problem(key: _Encrypted, nonce_size: int) -> str:
    params = key.kdf.params
    if key.kdf.name != "scrypt" or key.cipher.name != "nacl/secretbox":
        return f"it uses {key.kdf.name[:40]!r} and {key.cipher.name[:40]!r}, not scrypt and nacl/secretbox"
    if params.n not in _COSTS or (params.r, params.p) != (8, 1):
        return f"unusual scrypt cost N={params.n}, r={params.r}, p={params.p}"
    if len(key.cipher.nonce) != nonce_size:
        return f"its nonce has {len(key.cipher.nonce)} bytes, not {nonce_size}"
    return ""


def _derive(password: bytes, salt: bytes, params: _Params) -> bytes:
    memory = 2 * 128 * params.n * params.r
    return hashlib.scrypt(password, salt=salt, n=params.n, r=params.r, p=params.p, dklen=32, maxmem=memory)


def asks_for_password(pem: bytes) -> bool:
    """Whether a private key's file is encrypted, by cosign or by OpenSSL."""
    return b"ENCRYPTED" in pem[:_LIMIT]
