"""What a signature's envelope says, whether it came as JWS or COSE, and the rules that both share. Pure.

Source: notaryproject/specifications `signature-specification.md`, "Signed attributes", "Unsigned attributes".
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from pratique.attest import jose
from pratique.model.errors import InvalidData

ARTIFACT_TYPE = "application/vnd.cncf.notary.signature"
JWS = "application/jose+json"
COSE = "application/cose"
ALGORITHM, CONTENT_TYPE, CRITICAL = "alg", "cty", "crit"
SCHEME = "io.cncf.notary.signingScheme"
SIGNING_TIME = "io.cncf.notary.signingTime"
AUTHENTIC_TIME = "io.cncf.notary.authenticSigningTime"
EXPIRY = "io.cncf.notary.expiry"
TIMES = (SIGNING_TIME, AUTHENTIC_TIME, EXPIRY)
TIMESTAMP = "io.cncf.notary.timestampSignature"
AGENT = "io.cncf.notary.signingAgent"
X509 = "notary.x509"
AUTHORITY = "notary.x509.signingAuthority"
MAX_CHAIN = 16
_PLUGIN = "io.cncf.notary.verificationPlugin"


class Envelope(msgspec.Struct, frozen=True):
    """An envelope: what its signature protects, and beside it the chain (DER, leaf first) and a timestamp token.

    `algorithm` is JOSE's word; `signed_bytes` is what `signature` is over. Nothing in it is verified yet.
    """

    algorithm: str
    content_type: str
    payload: bytes
    scheme: str
    signed_at: datetime
    chain: tuple[bytes, ...]
    signature: bytes
    signed_bytes: bytes
    expires_at: datetime | None = None
    timestamp: bytes = b""


class Beside(msgspec.Struct, frozen=True):
    """What travels with a signature unprotected by it."""

    chain: tuple[bytes, ...]
    timestamp: bytes = b""


def protected(
    algorithm: jose.Algorithm, content_type: str, signed_at: datetime, expires_at: datetime | None
) -> dict[str, object]:
    """The protected headers of a signature under the scheme `notary.x509`; times are rounded down to the second."""
    headers: dict[str, object] = {
        ALGORITHM: algorithm.name,
        CONTENT_TYPE: content_type,
        CRITICAL: [SCHEME],
        SCHEME: X509,
        SIGNING_TIME: signed_at.astimezone(UTC).replace(microsecond=0),
    }
    if expires_at is not None:
        headers[CRITICAL] = [SCHEME, EXPIRY]
        headers[EXPIRY] = expires_at.astimezone(UTC).replace(microsecond=0)
    return headers


def read(
    headers: Mapping[str, object], beside: Beside, payload: bytes, signature: bytes, signed_bytes: bytes
) -> Envelope:
    """Make an envelope of decoded parts, times as datetimes. Raises InvalidData where a rule is broken."""
    algorithm, content_type, scheme = (_text(headers, key) for key in (ALGORITHM, CONTENT_TYPE, SCHEME))
    if algorithm not in jose.BY_NAME:
        raise InvalidData(f"signed with {algorithm[:40]!r}, which the Notary Project does not allow")
    if scheme not in {X509, AUTHORITY}:
        raise InvalidData(f"the signing scheme {scheme[:60]!r} is not known here")
    _check_critical(headers, scheme)
    signed_at = _signed_at(headers, scheme)
    expires_at = _time(headers, EXPIRY)
    if expires_at is not None and expires_at <= signed_at:
        raise InvalidData("it expires before it was made")
    if not 1 <= len(beside.chain) <= MAX_CHAIN:
        raise InvalidData(f"a chain of {len(beside.chain)} certificates, not 1 to {MAX_CHAIN}")
    if not payload or not signature:
        raise InvalidData("an envelope without payload or signature")
    return Envelope(
        algorithm,
        content_type,
        payload,
        scheme,
        signed_at,
        beside.chain,
        signature,
        signed_bytes,
        expires_at,
        beside.timestamp,
    )


def _check_critical(headers: Mapping[str, object], scheme: str) -> None:
    for name in headers:
        if name.startswith(_PLUGIN):
            raise InvalidData(
                f"it asks for notation's plugin {str(headers[name])[:60]!r}, and plugins are not run here"
            )
    critical = headers.get(CRITICAL)
    if not isinstance(critical, list) or not critical:
        raise InvalidData("no header is marked as critical")
    must = {SCHEME, *([EXPIRY] if EXPIRY in headers else []), *([AUTHENTIC_TIME] if scheme == AUTHORITY else [])}
    unknown = [each for each in critical if each not in (SCHEME, EXPIRY, AUTHENTIC_TIME)]
    if unknown:
        raise InvalidData(f"a critical header is not known here: {str(unknown[0])[:80]!r}")
    absent = [each for each in critical if each not in headers]
    if absent:
        raise InvalidData(f"{absent[0]} is marked as critical, but isn't there")
    if not must <= set(critical):
        raise InvalidData(f"{min(must - set(critical))} is not marked as critical")


def _signed_at(headers: Mapping[str, object], scheme: str) -> datetime:
    here, elsewhere = (SIGNING_TIME, AUTHENTIC_TIME) if scheme == X509 else (AUTHENTIC_TIME, SIGNING_TIME)
    if elsewhere in headers:
        raise InvalidData(f"{elsewhere} does not belong to the signing scheme {scheme}")
    found = _time(headers, here)
    if found is None:
        raise InvalidData(f"{here} is missing")
    return found


def _text(headers: Mapping[str, object], key: str) -> str:
    value = headers.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidData(f"the protected header {key} is missing, or not a text")
    return value


def _time(headers: Mapping[str, object], key: str) -> datetime | None:
    value = headers.get(key)
    if value is None and key not in headers:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidData(f"the protected header {key} is not a time")
    return value
