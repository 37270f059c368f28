"""Sigstore bundles v0.3, stored as referrers of the image: what cosign 3 writes by default.

Only what a signature by a plain key needs: an envelope and a hint of the key; no certificate, no transparency log.
Source: sigstore/protobuf-specs `sigstore_bundle.proto` (protojson); cosign `pkg/cosign/bundle`.
"""

import base64
import hashlib

import msgspec

from pratique.attest.dsse import Envelope
from pratique.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
CONTENT = "dev.sigstore.bundle.content"
PREDICATE_TYPE = "dev.sigstore.bundle.predicateType"
EMPTY = b"{}"
EMPTY_CONFIG = Descriptor(
    OCI_EMPTY, Digest("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"), len(EMPTY)
)
_FAMILY = "application/vnd.dev.sigstore.bundle"  # `.v0.3+json`, and `+json;version=0.1` before it


class _Bundle(msgspec.Struct, rename="camel"):
    media_type: str
    dsse_envelope: Envelope | None = None


def is_bundle(media_type: str) -> bool:
    """Whether a media type is one of the bundle's, of any version."""
    return media_type.startswith(_FAMILY)


def parse(data: bytes) -> Envelope:
    """The signed envelope in a bundle. Raises InvalidData, also for bundles that sign bytes instead of an envelope."""
    try:
        bundle = msgspec.json.decode(data, type=_Bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a Sigstore bundle: {error}") from None
    if not is_bundle(bundle.media_type):
        raise InvalidData(f"not a Sigstore bundle but {bundle.media_type[:100]!r}")
    if bundle.dsse_envelope is None:
        raise InvalidData("a Sigstore bundle without a DSSE envelope")
    return bundle.dsse_envelope


def render(envelope: Envelope, public_key_der: bytes) -> bytes:
    """A bundle around an envelope with one signature by a plain key; the hint is the key's hash, as with cosign."""
    signature = envelope.signatures[0]
    return msgspec.json.encode(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {
                "publicKey": {"hint": base64.b64encode(hashlib.sha256(public_key_der).digest()).decode()}
            },
            "dsseEnvelope": {
                "payload": envelope.payload,
                "payloadType": envelope.payload_type,
                "signatures": [{"sig": signature.sig}],
            },
        }
    )


def manifest(bundle: Descriptor, subject: Descriptor, predicate_type: str) -> bytes:
    """The manifest that makes a bundle a referrer of the image `subject`."""
    return msgspec.json.encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": MEDIA_TYPE,
            "config": EMPTY_CONFIG,
            "layers": [bundle],
            "subject": Descriptor(subject.media_type, subject.digest, subject.size),
            "annotations": {CONTENT: "dsse-envelope", PREDICATE_TYPE: predicate_type},
        }
    )
