"""A keyless signature with all that proves it, whether it came as a Sigstore bundle or beside cosign's `.sig`. Pure.

Source: sigstore/protobuf-specs `sigstore_bundle.proto` (protojson, v0.1 to v0.3); cosign `specs/SIGNATURE_SPEC.md`.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from pratique.attest import bundle, dsse
from pratique.attest.check import Candidate
from pratique.attest.key_file import pem_block
from pratique.attest.keyless.entry import Entry, LogId, Promise
from pratique.attest.notation import chain
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CERTIFICATE = "dev.sigstore.cosign/certificate"
REKOR = "dev.sigstore.cosign/bundle"
STAMP = "dev.sigstore.cosign/rfc3161timestamp"
_MOST = 10  # log entries, or timestamps, of one signature


class _Certificate(msgspec.Struct, rename="camel"):
    raw_bytes: bytes


class _Chain(msgspec.Struct):
    certificates: tuple[_Certificate, ...] = ()


class _Stamp(msgspec.Struct, rename="camel"):
    signed_timestamp: bytes


class _Stamps(msgspec.Struct, rename="camel"):
    rfc3161_timestamps: tuple[_Stamp, ...] = msgspec.field(default=(), name="rfc3161Timestamps")


class _Material(msgspec.Struct, rename="camel"):
    certificate: _Certificate | None = None
    x509_certificate_chain: _Chain | None = msgspec.field(default=None, name="x509CertificateChain")
    tlog_entries: tuple[Entry, ...] = ()
    timestamp_verification_data: _Stamps | None = None


class _Bundle(msgspec.Struct, rename="camel"):
    media_type: str
    verification_material: _Material
    dsse_envelope: dsse.Envelope | None = None


class _RekorPayload(
    msgspec.Struct, rename={"integrated_time": "integratedTime", "log_index": "logIndex", "log_id": "logID"}
):
    body: bytes
    integrated_time: int
    log_index: int
    log_id: str


class _Rekor(msgspec.Struct, rename="pascal"):
    signed_entry_timestamp: bytes
    payload: _RekorPayload


class _LegacyStamp(msgspec.Struct):
    token: bytes = msgspec.field(name="SignedRFC3161Timestamp")


class Material(msgspec.Struct, frozen=True):
    """A signature: over which bytes, by which certificate, and what proves when. `envelope` where it is one.

    `stamps` are RFC 3161 responses or tokens.
    """

    certificate: "Certificate"
    der: bytes
    signature: bytes
    signed_bytes: bytes
    content: bytes
    envelope: dsse.Envelope | None
    entries: tuple[Entry, ...]
    stamps: tuple[bytes, ...]


def read(candidate: Candidate) -> Material:
    """The proofs that a candidate brings along. Raises InvalidData, also for those signed with a plain key."""
    try:
        found = _of_bundle(candidate) if bundle.is_bundle(candidate.media_type) else _of_layer(candidate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, binascii.Error, ValueError) as error:
        raise InvalidData(f"not a keyless signature: {str(error)[:200]}") from None
    if len(found.entries) > _MOST or len(found.stamps) > _MOST:
        raise InvalidData(f"a signature with {len(found.entries)} log entries and {len(found.stamps)} timestamps")
    return found


def _of_bundle(candidate: Candidate) -> Material:
    raw = msgspec.json.decode(candidate.content, type=_Bundle)
    material, envelope = raw.verification_material, raw.dsse_envelope
    if not bundle.is_bundle(raw.media_type):
        raise InvalidData(f"not a Sigstore bundle but {raw.media_type[:100]!r}")
    if envelope is None or len(envelope.signatures) != 1:
        raise InvalidData("a Sigstore bundle without an envelope with one signature")
    certificates = material.x509_certificate_chain.certificates if material.x509_certificate_chain else ()
    leaf = material.certificate or (certificates[0] if certificates else None)
    if leaf is None:
        raise InvalidData("signed with a plain key, not with a certificate")
    data = material.timestamp_verification_data
    stamps = tuple(each.signed_timestamp for each in data.rfc3161_timestamps) if data else ()
    signature = envelope.signatures[0].sig
    (certificate,) = chain.load([leaf.raw_bytes])
    return Material(
        certificate,
        leaf.raw_bytes,
        signature,
        envelope.signed_bytes,
        envelope.payload,
        envelope,
        material.tlog_entries,
        stamps,
    )


def _of_layer(candidate: Candidate) -> Material:
    marks = candidate.annotations
    if CERTIFICATE not in marks:
        raise InvalidData("signed with a plain key, not with a certificate")
    der = pem_block(marks[CERTIFICATE].encode())[1]
    (certificate,) = chain.load([der])
    envelope, signature, signed_bytes = None, b"", candidate.content
    if candidate.media_type == dsse.ENVELOPE:
        envelope = dsse.parse(candidate.content)
        if len(envelope.signatures) != 1:
            raise InvalidData("an envelope without exactly one signature")
        signature, signed_bytes = envelope.signatures[0].sig, envelope.signed_bytes
    else:
        signature = base64.b64decode(candidate.signature, validate=True)
    content = envelope.payload if envelope else candidate.content
    stamps = (msgspec.json.decode(marks[STAMP], type=_LegacyStamp).token,) if STAMP in marks else ()
    return Material(certificate, der, signature, signed_bytes, content, envelope, _entries(marks), stamps)


def _entries(marks: Mapping[str, str]) -> tuple[Entry, ...]:
    if REKOR not in marks:
        return ()
    rekor = msgspec.json.decode(marks[REKOR], type=_Rekor)
    payload = rekor.payload
    return (
        Entry(
            payload.body,
            LogId(bytes.fromhex(payload.log_id)),
            None,
            payload.log_index,
            payload.integrated_time,
            Promise(rekor.signed_entry_timestamp),
        ),
    )
