"""Whether one candidate is a signature of, or a statement about, an image by one of these keys. Pure.

The order is what makes it safe: the signature first, and only what was signed is read then.
Source: cosign `specs/SIGNATURE_SPEC.md`; in-toto/attestation `docs/validation.md`.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence

import msgspec

from pratique.attest import bundle, dsse, simple_signing, statements
from pratique.attest.keys import Verifier
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData


class Candidate(msgspec.Struct, frozen=True):
    """Something found beside an image that claims to be signed; `where` names it for people, content is checked bytes.

    `signature` is the base64 text beside the content, for those that don't carry it inside; `annotations` is all that
    stands beside it, unsigned.
    """

    where: str
    media_type: str
    content: bytes
    signature: str = ""
    annotations: Mapping[str, str] = {}


def signature(
    candidate: Candidate, digest: Digest, verifiers: Sequence[Verifier], annotations: Mapping[str, str]
) -> Attestation:
    """The candidate as a signature of the image that covers these annotations. Raises InvalidData with the reason."""
    if candidate.media_type != simple_signing.MEDIA_TYPE:
        return _statement_as_signature(candidate, digest, verifiers, annotations)
    key_id = _signer(candidate.content, _decoded(candidate.signature), verifiers)
    payload = simple_signing.parse(candidate.content)
    if not payload.names(digest):
        named = str(payload.critical.image.docker_manifest_digest)
        raise InvalidData(f"well signed, but for another image: {named[:80]}")
    require(annotations, payload.optional or {})
    return Attestation(digest, "", key_id)


def attestation(candidate: Candidate, digest: Digest, verifiers: Sequence[Verifier]) -> Attestation:
    """The candidate as a statement about the image. Raises InvalidData with the reason."""
    statement, key_id = _statement(candidate, digest, verifiers)
    return Attestation(digest, statement.predicate_type, key_id, msgspec.Raw(bytes(statement.predicate)))


def _statement_as_signature(
    candidate: Candidate, digest: Digest, verifiers: Sequence[Verifier], annotations: Mapping[str, str]
) -> Attestation:
    statement, key_id = _statement(candidate, digest, verifiers)
    if statement.predicate_type != COSIGN_SIGNATURE:
        raise InvalidData(f"an attestation of type {statement.predicate_type[:100]}, not a signature of the image")
    signed: dict[str, object] = {}
    for subject in statement.subject:
        signed.update(subject.annotations or {})
    require(annotations, signed)
    return Attestation(digest, "", key_id)


def _statement(candidate: Candidate, digest: Digest, verifiers: Sequence[Verifier]) -> tuple[statements.Statement, str]:
    reader = bundle.parse if bundle.is_bundle(candidate.media_type) else dsse.parse
    envelope = reader(candidate.content)
    if envelope.payload_type != dsse.IN_TOTO:
        raise InvalidData(f"the envelope holds {envelope.payload_type[:100]!r}, not an in-toto statement")
    if not 1 <= len(envelope.signatures) <= 10:
        raise InvalidData(f"the envelope has {len(envelope.signatures)} signatures, not 1 to 10")
    key_id = _any_signer(envelope, verifiers)
    statement = statements.parse(envelope.payload)
    if not statement.names(digest):
        raise InvalidData("well signed, but about another image")
    return statement, key_id


def _any_signer(envelope: dsse.Envelope, verifiers: Sequence[Verifier]) -> str:
    for entry in envelope.signatures[:-1]:
        try:
            return _signer(envelope.signed_bytes, entry.sig, verifiers)
        except InvalidData:
            continue
    return _signer(envelope.signed_bytes, envelope.signatures[-1].sig, verifiers)


def is_signed(data: bytes, made: str, verifier: Verifier) -> bool:
    """Whether the key made this signature (base64) over the bytes."""
    try:
        return verifier.verify(data, _decoded(made))
    except InvalidData:
        return False


def _signer(data: bytes, made: bytes, verifiers: Sequence[Verifier]) -> str:
    for verifier in verifiers:
        if verifier.verify(data, made):
            return verifier.key_id
    keys = "the given key" if len(verifiers) == 1 else f"any of the {len(verifiers)} given keys"
    raise InvalidData(f"not signed by {keys}")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidData("its signature is not base64") from None


def require(wanted: Mapping[str, str], signed: Mapping[str, object]) -> None:
    """Refuse where these annotations are not all among the signed ones. Raises InvalidData."""
    for key, value in wanted.items():
        if signed.get(key) != value:
            raise InvalidData(f"well signed, but without the annotation {key}={value}")
