"""Sign a manifest as `notation sign` does, and push the signature as a referrer of it."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from pratique.attest import bundle, jose
from pratique.attest.append import put
from pratique.attest.keys import Signs
from pratique.attest.notation import chain, check, cose, jws, payload, trust_store
from pratique.attest.notation import envelope as envelopes
from pratique.attest.notation.find import Finder
from pratique.model.descriptor import OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest, digest_of
from pratique.model.errors import InvalidData, UsageError
from pratique.registry.repository import Repository

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

AGENT = "pratique"
THUMBPRINTS = "io.cncf.notary.x509chain.thumbprint#S256"
_CREATED = "org.opencontainers.image.created"


class Kind(StrEnum):
    """How an envelope is written."""

    JWS = "jws"
    COSE = "cose"

    @property
    def media_type(self) -> str:
        """The envelope's media type."""
        return envelopes.JWS if self is Kind.JWS else envelopes.COSE


class Identity:
    """A key with its certificates, leaf to root. Raises InvalidData when they may not sign, or don't fit the key."""

    def __init__(self, signer: Signs, certificates: bytes) -> None:
        """`certificates` is a file's content: PEM, in any order, or the DER of a self-signed one."""
        from cryptography.hazmat.primitives.serialization import Encoding

        self._signer = signer
        self.chain = _ordered(trust_store.read(certificates), signer.key_id)
        self.der = tuple(each.public_bytes(Encoding.DER) for each in self.chain)
        self.algorithm = jose.algorithm_of(self.chain[0].public_key())
        self.key_id = signer.key_id
        chain.check_signing(self.chain)

    def envelope(self, kind: Kind, content: bytes, now: datetime, expires_at: datetime | None) -> bytes:
        """An envelope around the payload. Raises InvalidData when the certificates aren't valid `now`."""
        chain.check_valid(self.chain, now, now)
        headers = envelopes.protected(self.algorithm, payload.MEDIA_TYPE, now, expires_at)
        if kind is Kind.JWS:
            signature = self._signer.sign_jose(jws.to_sign(headers, content))
            return jws.render(headers, content, signature, envelopes.Beside(self.der), AGENT)
        signature = self._signer.sign_jose(cose.to_sign(headers, content))
        return cose.render(headers, content, signature, envelopes.Beside(self.der), AGENT)


def sign_image(
    repository: Repository,
    digest: Digest,
    identity: Identity,
    now: datetime,
    *,
    kind: Kind = Kind.JWS,
    annotations: Mapping[str, str] | None = None,
    expires_in: timedelta | None = None,
) -> Descriptor:
    """Sign the manifest or index and push the signature; returns the descriptor of the manifest that holds it.

    Signing the same again adds nothing, as long as the signature that is there lasts as long. Raises what the
    repository raises, UsageError (annotations that are not ours to make, a lifetime below a second), InvalidData.
    """
    if expires_in is not None and expires_in < timedelta(seconds=1):
        raise UsageError("a signature cannot expire before it is made")
    subject = repository.resolve(digest)
    content = payload.render(subject, annotations or {})
    expires_at = now + expires_in if expires_in is not None else None
    finder = Finder(repository, digest)
    for candidate in finder.candidates():
        is_same_kind = candidate.media_type == kind.media_type
        if is_same_kind and _says_the_same(candidate.content, kind, content, identity, expires_at):
            return candidate.manifest
    data = identity.envelope(kind, content, now, expires_at)
    layer = Descriptor(kind.media_type, digest_of(data), len(data))
    config = msgspec.structs.replace(bundle.EMPTY_CONFIG, media_type=envelopes.ARTIFACT_TYPE)
    put(repository, layer, data)
    put(repository, config, bundle.EMPTY)
    return repository.put_manifest(_manifest(config, layer, subject, identity, now), OCI_MANIFEST)


def _says_the_same(data: bytes, kind: Kind, content: bytes, identity: Identity, expires_at: datetime | None) -> bool:
    try:
        found = check.opened(data, kind.media_type)
    except InvalidData:
        return False
    lasts = found.envelope.expires_at
    lasts_as_long = lasts == expires_at if lasts is None or expires_at is None else lasts >= expires_at
    same_signer = found.envelope.chain == identity.der and found.envelope.scheme == envelopes.X509
    return lasts_as_long and same_signer and found.signed == payload.parse(content)


def _manifest(config: Descriptor, layer: Descriptor, subject: Descriptor, identity: Identity, now: datetime) -> bytes:
    thumbprints = [hashlib.sha256(each).hexdigest() for each in identity.der]
    return msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": [layer],
            "subject": Descriptor(subject.media_type, subject.digest, subject.size),
            "annotations": {
                THUMBPRINTS: msgspec.json.encode(thumbprints).decode(),
                _CREATED: f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            },
        }
    )


def _ordered(certificates: "Sequence[Certificate]", key_id: str) -> "tuple[Certificate, ...]":
    """The chain from the key's certificate on; what doesn't belong to it is left out."""
    leaf = next((each for each in certificates if check.key_id(each) == key_id), None)
    if leaf is None:
        raise InvalidData("none of the certificates belongs to the key", "the chain's first one must be the key's")
    found = [leaf]
    while not chain.is_issued_by(found[-1], found[-1]):
        issuer = next((c for c in certificates if c not in found and chain.is_issued_by(found[-1], c)), None)
        if issuer is None:
            raise InvalidData(
                f"the issuer of {chain.name(found[-1])} is missing", "the chain must go to its root, and hold it"
            )
        found.append(issuer)
    return tuple(found)
