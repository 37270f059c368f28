"""Whether a transparency log (Rekor) has an entry for exactly this signature. Pure.

Its promise (the signed entry timestamp) also says when; its proof of inclusion (RFC 6962 section 2.1.1, under a signed
checkpoint) does not. Source: sigstore/rekor `types`, `openapi.yaml`; C2SP `signed-note`, `tlog-checkpoint`.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from pratique.attest.keyless.trusted_root import Log, TrustedRoot
from pratique.model.errors import InvalidData

_HASHES = 64  # of a path in a tree of 2^64 leaves


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


def verify(entry: Entry, signed: Signed, root: TrustedRoot) -> datetime | None:
    """Check an entry; when the log added it, where it promised that. Raises InvalidData with the reason."""
    _check_body(entry, signed)
    logs = [log for log in root.logs if any(_same(each, entry.log_id.key_id) for each in log.ids)]
    if not logs:
        raise InvalidData("its log is not one of the trusted root's")
    moment = None
    promise = entry.inclusion_promise
    if promise is not None and promise.signed_entry_timestamp:
        moment = _promised(entry, promise, logs)
    if entry.inclusion_proof is not None and entry.inclusion_proof.checkpoint is not None:
        _check_included(entry.canonicalized_body, entry.inclusion_proof, entry.inclusion_proof.checkpoint, logs)
    elif moment is None:
        raise InvalidData("its log neither promises nor proves that it has the entry")
    return moment


def _same(known: bytes, named: bytes) -> bool:
    return known == named or (len(named) == 4 and known.startswith(named))


def _promised(entry: Entry, promise: Promise, logs: Sequence[Log]) -> datetime:
    """The time in the log's promise: over canonical JSON (RFC 8785) of these four, in this order."""
    seconds, index = _number(entry.integrated_time), _number(entry.log_index)
    payload = msgspec.json.encode(
        {
            "body": base64.b64encode(entry.canonicalized_body).decode(),
            "integratedTime": seconds,
            "logID": entry.log_id.key_id.hex(),
            "logIndex": index,
        }
    )
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidData("its log's time is none") from None
    if not any(log.is_good_at(moment) and log.key.verify(payload, promise.signed_entry_timestamp) for log in logs):
        raise InvalidData("its log's promise is not signed by the log")
    return moment


def _check_included(body: bytes, proof: Proof, checkpoint: Checkpoint, logs: Sequence[Log]) -> None:
    index, size = _number(proof.log_index), _number(proof.tree_size)
    if not 0 <= index < size or len(proof.hashes) > _HASHES:
        raise InvalidData("its proof of inclusion makes no sense")
    if root_of(hashlib.sha256(b"\0" + body).digest(), index, size, proof.hashes) != proof.root_hash:
        raise InvalidData("its proof of inclusion is wrong")
    text, separator, signatures = checkpoint.envelope.rpartition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3 or lines[1] != str(size) or _base64(lines[2]) != proof.root_hash:
        raise InvalidData("its log's checkpoint is about another tree")
    if not any(_signs(line, f"{text}\n".encode(), logs) for line in signatures.splitlines()):
        raise InvalidData("its log's checkpoint is not signed by the log")


def _signs(line: str, text: bytes, logs: Sequence[Log]) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}":
        return False
    made = _base64(parts[2])
    return any(each.startswith(made[:4]) and log.key.verify(text, made[4:]) for log in logs for each in log.ids)


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf's path leads to (RFC 9162 section 2.1.3.2); empty when the path has the wrong length."""
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return b""
        if node & 1 or node == last:
            found = hashlib.sha256(b"\1" + sibling + found).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + sibling).digest()
        node, last = node >> 1, last >> 1
    return found if last == 0 else b""


class _Body(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    spec: dict[str, object]


def _check_body(entry: Entry, signed: Signed) -> None:
    """The entry is about this signature by this certificate over this content, and about nothing else."""
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
    from pratique.attest.key_file import pem_block

    return pem_block(pem)[1]


def _number(value: str | int) -> int:
    if isinstance(value, str) and (not value.isascii() or not value.isdigit() or len(value) > 19):
        raise InvalidData("its log's entry holds a number that is none")
    return int(value)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
