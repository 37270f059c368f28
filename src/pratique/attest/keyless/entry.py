"""An entry of a transparency log (Rekor), and whether it is about exactly one signature. Pure.

Source: sigstore/protobuf-specs `sigstore_rekor.proto`; sigstore/rekor `pkg/types` (hashedrekord, dsse, intoto), and
rekor-tiles for their versions 0.0.2.
"""

import base64
import hashlib

import msgspec

from pratique.attest.key_file import pem_block
from pratique.model.errors import InvalidData


class LogId(msgspec.Struct, rename="camel"):
    """Which log."""

    key_id: bytes = b""


class Promise(msgspec.Struct, rename="camel"):
    """The log's promise to add the entry."""

    signed_entry_timestamp: bytes = b""


class Checkpoint(msgspec.Struct):
    """The log's signed note about its tree."""

    envelope: str = ""


class Proof(msgspec.Struct, rename="camel"):
    """The path from the entry to the tree's root."""

    log_index: str | int = 0
    root_hash: bytes = b""
    tree_size: str | int = 0
    hashes: tuple[bytes, ...] = ()
    checkpoint: Checkpoint | None = None


class Kind(msgspec.Struct):
    """The kind of an entry."""

    kind: str
    version: str


class Entry(msgspec.Struct, rename="camel"):
    """An entry of a log as a bundle has it; numbers are texts (protojson)."""

    canonicalized_body: bytes
    log_id: LogId
    kind_version: Kind | None = None
    log_index: str | int = 0
    integrated_time: str | int = 0
    inclusion_promise: Promise | None = None
    inclusion_proof: Proof | None = None


class Signed(msgspec.Struct, frozen=True):
    """What an entry must be about: the signature, its content, and the signer's certificate (DER).

    `is_envelope` tells a DSSE envelope, whose payload `content` is, from plain signed bytes.
    """

    signature: bytes
    content: bytes
    certificate: bytes
    is_envelope: bool


class _Body(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    spec: dict[str, object]


def check_body(entry: Entry, signed: Signed) -> None:
    """Refuse an entry that is not about this signature by this certificate over this content. Raises InvalidData."""
    try:
        body = msgspec.json.decode(entry.canonicalized_body, type=_Body)
        facts = _READERS[body.kind, body.api_version](body.spec)
    except KeyError:
        raise InvalidData("its log's entry is of an unknown kind, or incomplete") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidData(f"its log's entry cannot be read: {str(error)[:200]}") from None
    digest = hashlib.sha256(signed.content).digest()
    if (body.kind != "hashedrekord") != signed.is_envelope or facts != (digest, signed.signature, signed.certificate):
        raise InvalidData("its log's entry is about another signature")


_Facts = tuple[bytes, bytes, bytes]


class _Hash(msgspec.Struct):
    algorithm: str
    value: str


class _Pem(msgspec.Struct):
    content: bytes


class _HashedSignature(msgspec.Struct, rename="camel"):
    content: bytes
    public_key: _Pem


class _HashedData(msgspec.Struct):
    hash: _Hash


class _Hashed(msgspec.Struct):
    data: _HashedData
    signature: _HashedSignature


class _DsseSignature(msgspec.Struct):
    signature: bytes
    verifier: bytes


class _Dsse(msgspec.Struct, rename="camel"):
    payload_hash: _Hash
    signatures: tuple[_DsseSignature, ...]


class _IntotoSignature(msgspec.Struct, rename="camel"):
    public_key: bytes
    sig: bytes


class _IntotoEnvelope(msgspec.Struct):
    signatures: tuple[_IntotoSignature, ...]


class _Intoto(msgspec.Struct, rename="camel"):
    envelope: _IntotoEnvelope
    payload_hash: _Hash


class _Raw(msgspec.Struct, rename="camel"):
    raw_bytes: bytes


class _Verifier2(msgspec.Struct, rename={"certificate": "x509Certificate"}):
    certificate: _Raw


class _Signature2(msgspec.Struct):
    content: bytes
    verifier: _Verifier2


class _Hash2(msgspec.Struct):
    algorithm: str
    digest: bytes


class _Hashed2(msgspec.Struct):
    data: _Hash2
    signature: _Signature2


class _Dsse2(msgspec.Struct, rename="camel"):
    payload_hash: _Hash2
    signatures: tuple[_Signature2, ...]


def _hashed(spec: dict[str, object]) -> _Facts:
    found = msgspec.convert(spec, _Hashed)
    return _digest(found.data.hash), found.signature.content, _der(found.signature.public_key.content)


def _dsse(spec: dict[str, object]) -> _Facts:
    found = msgspec.convert(spec, _Dsse)
    (signature,) = found.signatures
    return _digest(found.payload_hash), signature.signature, _der(signature.verifier)


def _intoto(spec: dict[str, object]) -> _Facts:
    content = msgspec.convert(spec["content"], _Intoto)
    (signature,) = content.envelope.signatures
    # Rekor keeps the signature as the envelope writes it, in base64, once more in base64.
    return _digest(content.payload_hash), base64.b64decode(signature.sig, validate=True), _der(signature.public_key)


def _hashed2(spec: dict[str, object]) -> _Facts:
    found = msgspec.convert(spec["hashedRekordV002"], _Hashed2)
    return found.data.digest, found.signature.content, found.signature.verifier.certificate.raw_bytes


def _dsse2(spec: dict[str, object]) -> _Facts:
    found = msgspec.convert(spec["dsseV002"], _Dsse2)
    (signature,) = found.signatures
    return found.payload_hash.digest, signature.content, signature.verifier.certificate.raw_bytes


_READERS = {
    ("hashedrekord", "0.0.1"): _hashed,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.2"): _intoto,
    ("hashedrekord", "0.0.2"): _hashed2,
    ("dsse", "0.0.2"): _dsse2,
}


def _digest(found: _Hash) -> bytes:
    if found.algorithm != "sha256":
        raise InvalidData(f"its log's entry uses the hash {found.algorithm[:40]!r}, not sha256")
    try:
        return bytes.fromhex(found.value)
    except ValueError:
        raise InvalidData("its log's entry holds no hash") from None


def _der(pem: bytes) -> bytes:
    return pem_block(pem)[1]
