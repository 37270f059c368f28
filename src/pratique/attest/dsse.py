"""DSSE envelopes: a payload, its type, and signatures over both (secure-systems-lab/dsse, protocol.md)."""

import msgspec

from pratique.model.errors import InvalidData

ENVELOPE = "application/vnd.dsse.envelope.v1+json"
IN_TOTO = "application/vnd.in-toto+json"


class Signature(msgspec.Struct, frozen=True):
    """One signature; `keyid` is a hint that nobody signed."""

    sig: bytes
    keyid: str = ""


class Envelope(msgspec.Struct, frozen=True, rename="camel"):
    """An envelope as it travels in JSON, bytes in base64."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def signed_bytes(self) -> bytes:
        """What each signature is over."""
        return pae(self.payload_type, self.payload)


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: `DSSEv1 LEN(type) type LEN(body) body`, lengths in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse(data: bytes) -> Envelope:
    """Read an envelope. Raises InvalidData."""
    try:
        return msgspec.json.decode(data, type=Envelope)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a DSSE envelope: {error}") from None


def render(envelope: Envelope) -> bytes:
    """The envelope's JSON."""
    return msgspec.json.encode(envelope)
