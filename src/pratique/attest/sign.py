"""Sign an image and attest to it: what is made is pushed beside the image, where cosign finds it."""

import base64
from collections.abc import Mapping
from enum import StrEnum

from pratique.attest import beside, bundle, check, dsse, simple_signing, statements
from pratique.attest.append import append, put
from pratique.attest.find import MAX_PAYLOAD, Finder, read
from pratique.attest.keys import Signs
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.model.descriptor import OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import IntegrityError, InvalidData, NotFound
from pratique.model.reference import Reference
from pratique.registry.repository import Repository


class Form(StrEnum):
    """Where a signature is put: beside the image under cosign's tags, or as a bundle that refers to it (cosign 3)."""

    TAG = "tag"
    BUNDLE = "bundle"


def sign_image(
    repository: Repository,
    digest: Digest,
    signer: Signs,
    reference: Reference,
    annotations: Mapping[str, str] | None = None,
    form: Form = Form.TAG,
) -> Descriptor:
    """Sign the image and push the signature; returns the descriptor of the manifest that holds it.

    `reference` is the name that is signed along; annotations are signed too. Signing again with the same key adds
    nothing, and the signatures of others are kept. Raises what the repository raises, Unsafe beside 100 signatures.
    """
    if form is Form.BUNDLE:
        payload = statements.render(reference.name, digest, COSIGN_SIGNATURE, b"{}", annotations)
        return _push_bundle(repository, digest, COSIGN_SIGNATURE, payload, signer)
    payload = simple_signing.payload(reference.name, digest, annotations)
    signature = base64.b64encode(signer.sign(payload)).decode()
    marks = {simple_signing.SIGNATURE: signature}
    layer = Descriptor(simple_signing.MEDIA_TYPE, digest_of(payload), len(payload), marks)

    def is_same(old: Descriptor) -> bool:
        made = old.annotations.get(simple_signing.SIGNATURE, "")
        return old.digest == layer.digest and check.is_signed(payload, made, signer.public)

    return append(repository, beside.tag(digest, "sig"), layer, payload, is_same)


def attest(
    repository: Repository,
    digest: Digest,
    predicate_type: str,
    predicate: bytes,
    signer: Signs,
    reference: Reference,
    form: Form = Form.TAG,
    replace: bool = False,
) -> Descriptor:
    """Sign the statement that `predicate` (JSON) holds of the image and push it; returns the manifest's descriptor.

    The same statement by the same key is not added twice. `replace` drops our older ones of that predicate type (tag
    form only). Raises InvalidData when the predicate isn't JSON or above 32 MiB, else as `sign_image`.
    """
    payload = statements.render(reference.name, digest, predicate_type, predicate)
    if form is Form.BUNDLE:
        return _push_bundle(repository, digest, predicate_type, payload, signer)
    content = _bounded(dsse.render(_envelope(payload, signer)))
    marks = {simple_signing.SIGNATURE: "", "predicateType": predicate_type}
    layer = Descriptor(dsse.ENVELOPE, digest_of(content), len(content), marks)
    ours = _OurStatements(repository, signer, predicate_type)
    return append(
        repository,
        beside.tag(digest, "att"),
        layer,
        content,
        lambda old: abs(old.size - layer.size) <= _SIGNATURES_VARY and ours.payload(old) == payload,
        lambda old: replace and ours.payload(old) is not None,
    )


_SIGNATURES_VARY = 16  # bytes: the same statement's envelopes differ by their ECDSA signatures only


class _OurStatements:
    """Which of the attestations beside an image are ours; each is read once."""

    def __init__(self, repository: Repository, signer: Signs, predicate_type: str) -> None:
        self._repository = repository
        self._signer = signer
        self._predicate_type = predicate_type
        self._read: dict[Digest, bytes | None] = {}

    def payload(self, layer: Descriptor) -> bytes | None:
        """The statement in the layer, where our key signed it."""
        if layer.media_type != dsse.ENVELOPE or layer.annotations.get("predicateType") != self._predicate_type:
            return None
        if layer.digest not in self._read:
            self._read[layer.digest] = self._payload(layer) if layer.size <= MAX_PAYLOAD else None
        return self._read[layer.digest]

    def _payload(self, layer: Descriptor) -> bytes | None:
        try:
            return _signed_payload(dsse.parse(read(self._repository, layer)), self._signer)
        except (NotFound, InvalidData, IntegrityError):
            return None


def _push_bundle(
    repository: Repository, digest: Digest, predicate_type: str, payload: bytes, signer: Signs
) -> Descriptor:
    subject = repository.resolve(digest)
    for referrer, candidate in Finder(repository, digest).bundles(predicate_type):
        if _holds(candidate, payload, signer):
            return referrer
    content = _bounded(bundle.render(_envelope(payload, signer), signer.public.der))
    layer = Descriptor(bundle.MEDIA_TYPE, digest_of(content), len(content))
    put(repository, layer, content)
    put(repository, bundle.EMPTY_CONFIG, bundle.EMPTY)
    return repository.put_manifest(bundle.manifest(layer, subject, predicate_type), OCI_MANIFEST)


def _holds(candidate: check.Candidate, payload: bytes, signer: Signs) -> bool:
    try:
        return _signed_payload(bundle.parse(candidate.content), signer) == payload
    except InvalidData:
        return False


def _signed_payload(envelope: dsse.Envelope, signer: Signs) -> bytes | None:
    signed = any(signer.public.verify(envelope.signed_bytes, each.sig) for each in envelope.signatures[:10])
    return envelope.payload if signed else None


def _envelope(payload: bytes, signer: Signs) -> dsse.Envelope:
    signature = dsse.Signature(signer.sign(dsse.pae(dsse.IN_TOTO, payload)))
    return dsse.Envelope(dsse.IN_TOTO, payload, (signature,))


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_PAYLOAD:
        raise InvalidData(f"an attestation of {len(content)} bytes", f"at most {MAX_PAYLOAD} are read back")
    return content
