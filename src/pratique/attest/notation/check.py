"""Whether one envelope is a signature of an artifact that counts under a trust policy. Pure: `now` is given.

The order is notation's: what was signed and by which key comes first, then whether that key is trusted, then times.
Source: notaryproject/specifications `trust-store-trust-policy.md`, "Signature Verification".
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from pratique.attest import jose
from pratique.attest.notation import chain, cose, jws, names, payload, revocation, timestamp
from pratique.attest.notation import envelope as envelopes
from pratique.attest.notation.envelope import Envelope
from pratique.attest.notation.trust_policy import Action, Check, Statement, VerifyTimestamp
from pratique.model.descriptor import Descriptor
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PARSERS = {envelopes.JWS: jws.parse, envelopes.COSE: cose.parse}


class Trust(msgspec.Struct, frozen=True):
    """A policy with the certificates of its trust stores by their kind, and the moment that counts as now."""

    statement: Statement
    stores: "Mapping[str, Sequence[Certificate]]"
    now: datetime


class Signature(msgspec.Struct, frozen=True):
    """A signature whose integrity was verified. `warnings` are the failed checks that the policy only reports."""

    key_id: str
    subject: str
    annotations: Mapping[str, str]
    signed_at: datetime
    expires_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    authentic: bool = True


class Opened(msgspec.Struct, frozen=True):
    """An envelope whose signature is right, with its chain and the descriptor that it signs."""

    envelope: Envelope
    chain: "tuple[Certificate, ...]"
    signed: Descriptor


def opened(data: bytes, media_type: str) -> Opened:
    """Read an envelope and verify its own signature; whose it is remains to be seen. Raises InvalidData."""
    if media_type not in _PARSERS:
        raise InvalidData(f"an envelope of the unknown type {media_type[:80]!r}")
    envelope = _PARSERS[media_type](data)
    if envelope.content_type != payload.MEDIA_TYPE:
        raise InvalidData(f"it signs {envelope.content_type[:80]!r}, not a Notary Project payload")
    certificates = chain.load(envelope.chain)
    with chain.reading():
        key = certificates[0].public_key()
    if jose.algorithm_of(key).name != envelope.algorithm:
        raise InvalidData(f"signed with {envelope.algorithm}, but its key is one for {jose.algorithm_of(key).name}")
    if not jose.verify(key, envelope.signed_bytes, envelope.signature):
        raise InvalidData("its signature is wrong")
    chain.check_signing(certificates)
    return Opened(envelope, certificates, payload.parse(envelope.payload))


def signature(data: bytes, media_type: str, subject: Descriptor, trust: Trust) -> Signature:
    """The envelope as a signature of `subject`. Raises InvalidData with the reason, where the policy enforces it."""
    found = opened(data, media_type)
    if not payload.is_of(found.signed, subject):
        raise InvalidData(f"well signed, but for another image: {found.signed.digest[:80]}")
    with chain.reading():
        warnings = _failed(found, trust)
    return Signature(
        key_id(found.chain[0]),
        found.chain[0].subject.rfc4514_string(),
        found.signed.annotations,
        found.envelope.signed_at,
        found.envelope.expires_at,
        tuple(f"{check}: {error}" for check, error in warnings),
        all(check is not Check.AUTHENTICITY for check, _ in warnings),
    )


def key_id(certificate: "Certificate") -> str:
    """The id of a certificate's key, as of every other key: `sha256:` and the hash of its SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(der).hexdigest()


def _failed(found: Opened, trust: Trust) -> "list[tuple[Check, InvalidData]]":
    """The checks that failed and are only reported; the first that failed and is enforced is raised."""
    checks: tuple[tuple[Check, Callable[[Opened, Trust], None]], ...] = (
        (Check.AUTHENTICITY, _authentic),
        (Check.EXPIRY, _unexpired),
        (Check.TIMESTAMP, _timely),
        (Check.REVOCATION, _unrevoked),
    )
    failed = []
    for check, run in checks:
        action = trust.statement.actions[check]
        if action is Action.SKIP:
            continue
        try:
            run(found, trust)
        except InvalidData as error:
            if action is Action.ENFORCE:
                raise
            failed.append((check, error))
    return failed


def _authentic(found: Opened, trust: Trust) -> None:
    kind = "ca" if found.envelope.scheme == envelopes.X509 else "signingAuthority"
    if not any(certificate in trust.stores.get(kind, ()) for certificate in found.chain):
        raise InvalidData(
            f"no {kind} trust store of the policy {trust.statement.name!r} holds a certificate of its chain"
        )
    if trust.statement.identities:
        subject = names.of_subject(found.chain[0])
        if not any(names.is_part(identity, subject) for identity in trust.statement.identities):
            raise InvalidData(f"the policy {trust.statement.name!r} does not trust {chain.name(found.chain[0])}")


def _unexpired(found: Opened, trust: Trust) -> None:
    expires_at = found.envelope.expires_at
    if expires_at is not None and trust.now >= expires_at:
        raise InvalidData(f"the signature expired {expires_at:%Y-%m-%d %H:%M:%S}")


def _timely(found: Opened, trust: Trust) -> None:
    """The chain was valid when it signed: by the authority's word, by a timestamp, or else because it still is."""
    if found.envelope.scheme == envelopes.AUTHORITY:
        chain.check_valid(found.chain, found.envelope.signed_at, found.envelope.signed_at)
        return
    roots = trust.stores.get("tsa", ())
    after_expiry = trust.statement.verify_timestamp is VerifyTimestamp.AFTER_EXPIRY
    expired = any(trust.now > certificate.not_valid_after_utc for certificate in found.chain)
    if not roots or (after_expiry and not expired):
        chain.check_valid(found.chain, trust.now, trust.now)
        return
    if not found.envelope.timestamp:
        raise InvalidData("it has no timestamp")
    stamp = timestamp.verify(found.envelope.timestamp, found.envelope.signature, roots)
    chain.check_valid(found.chain, stamp.earliest, stamp.latest)
    if trust.statement.actions[Check.REVOCATION] is Action.ENFORCE:
        revocation.check_offline(stamp.chain)


def _unrevoked(found: Opened, _: Trust) -> None:
    revocation.check_offline(found.chain)
