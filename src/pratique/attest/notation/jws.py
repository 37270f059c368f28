"""JWS envelopes: flattened JSON (RFC 7515 section 7.2.2) with the Notary Project's headers. Pure.

Source: notaryproject/specifications `signature-envelope-jws.md`.
"""

import base64
import re
from datetime import datetime

import msgspec

from pratique.attest.notation import envelope
from pratique.attest.notation.envelope import Beside, Envelope
from pratique.model.errors import InvalidData

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class _Header(msgspec.Struct, rename={"timestamp": envelope.TIMESTAMP, "agent": envelope.AGENT}, omit_defaults=True):
    x5c: tuple[bytes, ...]
    agent: str = ""
    timestamp: bytes = b""


class _Jws(msgspec.Struct, forbid_unknown_fields=True):
    payload: str
    protected: str
    header: _Header
    signature: str


def parse(data: bytes) -> Envelope:
    """Read an envelope. Raises InvalidData."""
    try:
        jws = msgspec.json.decode(data, type=_Jws)
        headers = msgspec.json.decode(_decoded(jws.protected), type=dict[str, object])
        for key in envelope.TIMES:
            if key in headers:
                headers[key] = msgspec.convert(headers[key], datetime)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not a JWS envelope: {error}") from None
    signed_bytes = f"{jws.protected}.{jws.payload}".encode()
    beside = Beside(jws.header.x5c, jws.header.timestamp)
    return envelope.read(headers, beside, _decoded(jws.payload), _decoded(jws.signature), signed_bytes)


def to_sign(headers: dict[str, object], payload: bytes) -> bytes:
    """What the signature of an envelope with these protected headers is over."""
    return _encoded(_rendered(headers)) + b"." + _encoded(payload)


def render(headers: dict[str, object], payload: bytes, signature: bytes, beside: Beside, agent: str) -> bytes:
    """The envelope's JSON."""
    protected, text = to_sign(headers, payload).decode().split(".")
    header = _Header(beside.chain, agent, beside.timestamp)
    return msgspec.json.encode(_Jws(text, protected, header, _encoded(signature).decode()))


def _rendered(headers: dict[str, object]) -> bytes:
    texts = {
        key: f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value for key, value in headers.items()
    }
    return msgspec.json.encode(texts, order="sorted")


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decoded(text: str) -> bytes:
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise InvalidData("not a JWS envelope: a part of it is not base64url without padding")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
