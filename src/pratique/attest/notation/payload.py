"""What a Notary Project signature is over: the descriptor of the signed artifact. Pure.

Source: notaryproject/specifications `signature-specification.md`, "Payload".
"""

from collections.abc import Mapping

import msgspec

from pratique.model.descriptor import Descriptor
from pratique.model.errors import InvalidData, UsageError

MEDIA_TYPE = "application/vnd.cncf.notary.payload.v1+json"
RESERVED = "io.cncf.notary"


class Payload(msgspec.Struct, rename="camel"):
    """The payload; the target's annotations are the signer's own words."""

    target_artifact: Descriptor


def render(subject: Descriptor, annotations: Mapping[str, str]) -> bytes:
    """The payload for a manifest. Raises UsageError for annotations that are not a signer's to make."""
    for key in annotations:
        if key.startswith(RESERVED):
            raise UsageError(f"the annotation {key[:80]!r} cannot be signed", f"{RESERVED}... is the format's own")
    target = Descriptor(subject.media_type, subject.digest, subject.size, dict(sorted(annotations.items())))
    return msgspec.json.encode(Payload(target))


def parse(data: bytes) -> Descriptor:
    """The descriptor that was signed. Raises InvalidData."""
    try:
        return msgspec.json.decode(data, type=Payload).target_artifact
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a Notary Project payload: {error}") from None


def is_of(signed: Descriptor, subject: Descriptor) -> bool:
    """Whether the signed descriptor is this manifest's: digest, media type and size."""
    return (signed.digest, signed.media_type, signed.size) == (subject.digest, subject.media_type, subject.size)
