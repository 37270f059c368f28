"""Whether a candidate was signed by somebody whom we accept, while the certificate was valid. Pure: no clock is asked.

The time is the one that a log promised or an authority stamped, never now: the certificate lives for minutes only.
Source: sigstore/docs client specification, "Verification".
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from pratique.attest import check as by_key
from pratique.attest import simple_signing, statements
from pratique.attest.check import Candidate
from pratique.attest.dsse import IN_TOTO
from pratique.attest.keyless import certificate, log
from pratique.attest.keyless.entry import Signed
from pratique.attest.keyless.identity import Identity, issuer_of, subjects_of
from pratique.attest.keyless.material import Material, read
from pratique.attest.keyless.trusted_root import TrustedRoot
from pratique.attest.keys import Verifier, usable_public
from pratique.attest.notation import chain, der, timestamp
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData


def signature(
    candidate: Candidate, digest: Digest, root: TrustedRoot, identity: Identity, annotations: Mapping[str, str]
) -> Attestation:
    """The candidate as a signature of the image that covers these annotations. Raises InvalidData with the reason."""
    found = read(candidate)
    who = signer(found, root, identity)
    if found.envelope is None:
        payload = simple_signing.parse(found.content)
        if not payload.names(digest):
            raise InvalidData("well signed, but for another image")
        by_key.require(annotations, payload.optional or {})
        return Attestation(digest, "", who)
    statement = _statement(found, digest)
    if statement.predicate_type != COSIGN_SIGNATURE:
        raise InvalidData(f"an attestation of type {statement.predicate_type[:100]}, not a signature of the image")
    signed: dict[str, object] = {}
    for subject in statement.subject:
        signed.update(subject.annotations or {})
    by_key.require(annotations, signed)
    return Attestation(digest, "", who)


def attestation(candidate: Candidate, digest: Digest, root: TrustedRoot, identity: Identity) -> Attestation:
    """The candidate as a statement about the image. Raises InvalidData with the reason."""
    found = read(candidate)
    who = signer(found, root, identity)
    statement = _statement(found, digest)
    return Attestation(digest, statement.predicate_type, who, msgspec.Raw(bytes(statement.predicate)))


def signer(found: Material, root: TrustedRoot, identity: Identity) -> str:
    """Who signed, as `keyless:ISSUER:SUBJECT`. Raises InvalidData when it isn't proven, or is somebody else."""
    with chain.reading():
        key = Verifier(usable_public(found.certificate.public_key()))
        if not key.verify(found.signed_bytes, found.signature):
            raise InvalidData("its signature is wrong")
        for moment in _moments(found, root):
            certificate.check(found.certificate, root, moment)
        issuer = issuer_of(found.certificate)
        subject = identity.check(subjects_of(found.certificate), issuer)
    return f"keyless:{issuer}:{subject}"


def _moments(found: Material, root: TrustedRoot) -> list[datetime]:
    """When it was signed, by everyone who says so. Raises InvalidData: no log has it, or nobody says when."""
    if not found.entries:
        raise InvalidData("no transparency log has it")
    about = Signed(found.signature, found.content, found.der, found.envelope is not None)
    moments = [moment for entry in found.entries if (moment := log.verify(entry, about, root)) is not None]
    for stamp in found.stamps:
        moments += _stamped(stamp, found.signature, root)
    if not moments:
        raise InvalidData("nothing proves when it was signed: no log's promise, no timestamp")
    return moments


def _stamped(stamp: bytes, signature: bytes, root: TrustedRoot) -> tuple[datetime, datetime]:
    token = _token(stamp)
    why = "no timestamp authority is in the trusted root"
    for authority in root.timestamp_authorities:
        try:
            found = timestamp.verify(token, signature, authority.chain[-1:], authority.chain)
        except InvalidData as error:
            why = str(error)
            continue
        if authority.is_good_at(found.earliest) and authority.is_good_at(found.latest):
            return found.earliest, found.latest
        why = "its timestamp authority was not believed at that time"
    raise InvalidData(why)


def _token(stamp: bytes) -> bytes:
    """The token in a timestamp response (RFC 3161 section 2.4.2), or the token itself."""
    parts = der.read(stamp).children()
    if len(parts) == 2 and parts[0].tag == der.SEQUENCE:
        return parts[1].whole
    return stamp


def _statement(found: Material, digest: Digest) -> statements.Statement:
    if found.envelope is None or found.envelope.payload_type != IN_TOTO:
        raise InvalidData("not an in-toto statement")
    statement = statements.parse(found.content)
    if not statement.names(digest):
        raise InvalidData("well signed, but about another image")
    return statement
