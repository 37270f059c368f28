"""COSE envelopes: a tagged COSE_Sign1 (RFC 9052 section 4.2) with the Notary Project's headers. Pure.

Source: notaryproject/specifications `signature-envelope-cose.md`.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from pratique.attest import jose
from pratique.attest.notation import envelope
from pratique.attest.notation.envelope import Beside, Envelope
from pratique.model.errors import InvalidData

_SIGN1 = 18
_EPOCH = 1  # the tag of times
_LABELS = {1: envelope.ALGORITHM, 2: envelope.CRITICAL, 3: envelope.CONTENT_TYPE}
_NUMBERS = {name: label for label, name in _LABELS.items()}
_X5CHAIN = 33
_NESTING = 8
# The tags that cbor2 would decode: times in texts, regular expressions, mails, shared and cyclic values, addresses...
_DECODED = (*range(6), 25, 28, 29, 30, 35, 36, 37, 43, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)


def parse(data: bytes) -> Envelope:
    """Read an envelope. Raises InvalidData."""
    from cbor2 import CBORTag

    message = _loads(data)
    if not isinstance(message, CBORTag) or message.tag != _SIGN1:
        raise InvalidData("not a COSE envelope: not a tagged COSE_Sign1")
    match message.value:
        case [bytes() as protected, Mapping() as unprotected, bytes() as payload, bytes() as signature]:
            headers = _headers(_loads(protected))
            return envelope.read(headers, _beside(unprotected), payload, signature, _signed_bytes(protected, payload))
    raise InvalidData("not a COSE envelope: not two sets of headers, a payload and a signature")


def to_sign(headers: dict[str, object], payload: bytes) -> bytes:
    """What the signature of an envelope with these protected headers is over."""
    return _signed_bytes(_protected(headers), payload)


def render(headers: dict[str, object], payload: bytes, signature: bytes, beside: Beside, agent: str) -> bytes:
    """The envelope's CBOR."""
    import cbor2

    unprotected: dict[object, object] = {_X5CHAIN: list(beside.chain), envelope.AGENT: agent}
    if beside.timestamp:
        unprotected[envelope.TIMESTAMP] = beside.timestamp
    message = cbor2.CBORTag(_SIGN1, [_protected(headers), unprotected, payload, signature])
    return cbor2.dumps(message, canonical=True)


def _protected(headers: dict[str, object]) -> bytes:
    import cbor2

    return cbor2.dumps({_NUMBERS.get(key, key): _value(key, value) for key, value in headers.items()}, canonical=True)


def _value(key: str, value: object) -> object:
    from cbor2 import CBORTag

    if isinstance(value, datetime):
        return CBORTag(_EPOCH, int(value.timestamp()))
    return jose.BY_NAME[str(value)].cose if key == envelope.ALGORITHM else value


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    import cbor2

    return cbor2.dumps(["Signature1", protected, b"", payload])


def _headers(decoded: object) -> dict[str, object]:
    if not isinstance(decoded, Mapping):
        raise InvalidData("not a COSE envelope: its protected headers are not a map")
    headers = {_LABELS.get(key, str(key)) if isinstance(key, int) else str(key): decoded[key] for key in decoded}
    if len(headers) != len(decoded):
        raise InvalidData("not a COSE envelope: a protected header is there twice")
    number = headers.get(envelope.ALGORITHM)
    headers[envelope.ALGORITHM] = _name(number)
    critical = headers.get(envelope.CRITICAL)
    headers[envelope.CRITICAL] = list(critical) if isinstance(critical, list | tuple) else None
    for key in envelope.TIMES:
        if key in headers:
            headers[key] = _time(key, headers[key])
    return headers


def _name(number: object) -> str:
    known = jose.BY_COSE.get(number) if isinstance(number, int) else None
    return known.name if known else str(number)


def _time(key: str, value: object) -> datetime:
    from cbor2 import CBORTag

    if isinstance(value, CBORTag) and value.tag == _EPOCH and isinstance(value.value, int):
        try:
            return datetime.fromtimestamp(value.value, UTC)
        except (ValueError, OverflowError, OSError):
            pass
    raise InvalidData(f"the protected header {key} is not a time")


def _beside(unprotected: "Mapping[object, object]") -> Beside:
    chain, timestamp = unprotected.get(_X5CHAIN), unprotected.get(envelope.TIMESTAMP, b"")
    if not isinstance(chain, list | tuple) or not all(isinstance(each, bytes) for each in chain):
        raise InvalidData("not a COSE envelope: no chain of certificates in it")
    if not isinstance(timestamp, bytes):
        raise InvalidData("not a COSE envelope: its timestamp is not bytes")
    return Beside(tuple(chain), timestamp)


def _loads(data: bytes) -> object:
    """Decode one value and nothing after it; tags stay tags, for decoding their values may cost much."""
    import io

    import cbor2

    stream = io.BytesIO(data)
    try:
        decoder = cbor2.CBORDecoder(
            stream,
            semantic_decoders={tag: _kept(tag) for tag in _DECODED},
            read_size=1,  # so that the stream stands where the value ends
            max_depth=_NESTING,
            allow_duplicate_keys=False,
        )
        value: object = decoder.decode()
    except (cbor2.CBORError, ValueError, RecursionError, OverflowError, MemoryError, TypeError) as error:
        raise InvalidData(f"not a COSE envelope: {str(error)[:200]}") from None
    if stream.tell() != len(data):
        raise InvalidData("not a COSE envelope: something follows it")
    return value


def _kept(tag: int) -> Callable[[object, bool], object]:
    from cbor2 import CBORTag

    return lambda value, _: CBORTag(tag, value)
