"""Verify an RFC 3161 timestamp token: a CMS SignedData (RFC 5652) around a TSTInfo, over a signature's bytes. Pure.

RSA with PKCS #1 v1.5 and ECDSA; the signer is found by its hash (SigningCertificateV2, RFC 5035), which must be there.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pratique.attest import jose
from pratique.attest.notation import chain, der
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_LIMIT = 1024 * 1024  # bytes
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
_BASELINE = "0.4.0.2023.1.1"  # ETSI EN 319 421: its authorities are accurate to a second, said or not
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_TIME = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z")
_CERTIFICATES, _ATTRIBUTES = 0xA0, 0xA0  # context tag 0, in SignedData and in SignerInfo
_LONGEST = 10  # certificates of a timestamp authority's chain


class Timestamp(NamedTuple):
    """When something existed: at some moment from `earliest` to `latest`. `chain` is the authority's, leaf first."""

    earliest: datetime
    latest: datetime
    chain: "tuple[Certificate, ...]"


class _Signed(NamedTuple):
    content: bytes
    certificates: "tuple[Certificate, ...]"
    signers: list[der.Value]


def verify(
    token: bytes, stamped: bytes, roots: "Sequence[Certificate]", known: "Sequence[Certificate]" = ()
) -> Timestamp:
    """When `stamped` existed, by an authority under these roots. Raises InvalidData with the reason.

    `known` are certificates that the token may leave out.
    """
    if len(token) > _LIMIT:
        raise InvalidData(f"a timestamp of {len(token)} bytes, more than {_LIMIT}")
    try:
        signed = _signed_data(token, known)
        moment, accuracy = _info(signed.content, stamped)
        with chain.reading():
            leaf = _signer(signed)
    except (IndexError, ValueError, OverflowError) as error:
        raise InvalidData(f"a damaged timestamp: {str(error)[:100]}") from None
    found = _chain(leaf, signed.certificates, roots)
    chain.check_timestamping(found)
    chain.check_valid(found, moment, moment)
    return Timestamp(moment - accuracy, moment + accuracy, found)


def _signed_data(token: bytes, known: "Sequence[Certificate]" = ()) -> _Signed:
    kind, wrapped = der.read(token).children()
    if kind.oid() != _SIGNED_DATA:
        raise InvalidData("the timestamp is not signed data")
    parts = der.read(wrapped.content).children()
    content_type, content = parts[2].children()
    if content_type.oid() != _TST_INFO:
        raise InvalidData("the timestamp holds something else")
    certificates = [each.whole for part in parts[3:-1] if part.tag == _CERTIFICATES for each in part.children()]
    if len(certificates) > 2 * _LONGEST:
        raise InvalidData(f"the timestamp holds {len(certificates)} certificates")
    return _Signed(content.children()[0].octets(), (*chain.load(certificates), *known), parts[-1].children())


def _info(content: bytes, stamped: bytes) -> tuple[datetime, timedelta]:
    version, policy, imprint, _, moment, *rest = der.read(content).children()
    if version.integer() != 1 or moment.tag != der.GENERALIZED_TIME:
        raise InvalidData("the timestamp is of an unknown version")
    algorithm, digest = imprint.children()
    if hashlib.new(_hash(algorithm), stamped).digest() != digest.content:
        raise InvalidData("the timestamp belongs to another signature")
    match = _TIME.fullmatch(moment.content)
    if match is None:
        raise InvalidData("the timestamp's time cannot be read")
    when = datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    when += timedelta(microseconds=int((match[2] or b"").ljust(6, b"0")[:6]))
    return when, _accuracy(policy, rest)


def _accuracy(policy: der.Value, rest: list[der.Value]) -> timedelta:
    parts = rest[0].children() if rest and rest[0].tag == der.SEQUENCE else []
    by_tag = {part.tag: part.integer() for part in parts}
    found = timedelta(
        seconds=by_tag.get(der.INTEGER, 0), milliseconds=by_tag.get(0x80, 0), microseconds=by_tag.get(0x81, 0)
    )
    if found < timedelta(0):
        raise InvalidData("the timestamp's accuracy is negative")
    return timedelta(seconds=1) if not found and policy.oid() == _BASELINE else found


def _signer(signed: _Signed) -> "Certificate":
    """The certificate whose key signed the content. One signer, as RFC 3161 section 2.4.2 has it."""
    if len(signed.signers) != 1:
        raise InvalidData(f"the timestamp has {len(signed.signers)} signers, not one")
    _, _, algorithm, attributes, _, signature, *_ = signed.signers[0].children()
    if attributes.tag != _ATTRIBUTES:
        raise InvalidData("the timestamp has no signed attributes")
    values = {}
    for attribute in attributes.children():
        kind, contents = attribute.children()
        if kind.oid() in values:
            raise InvalidData("the timestamp has a signed attribute twice")
        values[kind.oid()] = contents.children()[0]
    missing = {_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_CERTIFICATE} - values.keys()
    if missing:
        raise InvalidData(f"the timestamp lacks the signed attribute {min(missing)}")
    word = _hash(algorithm)
    if values[_CONTENT_TYPE].oid() != _TST_INFO:
        raise InvalidData("the timestamp's signer signed something else")
    if values[_MESSAGE_DIGEST].content != hashlib.new(word, signed.content).digest():
        raise InvalidData("the timestamp's content was changed")
    leaf = _named(values[_SIGNING_CERTIFICATE], signed.certificates)
    if not _made(leaf, bytes([der.SET]) + attributes.whole[1:], signature.octets(), word):
        raise InvalidData("the timestamp's signature is wrong")
    return leaf


def _named(value: der.Value, certificates: "Sequence[Certificate]") -> "Certificate":
    from cryptography.hazmat.primitives.serialization import Encoding

    parts = value.children()[0].children()[0].children()
    word = _hash(parts[0]) if parts[0].tag == der.SEQUENCE else "sha256"
    wanted = next(part.content for part in parts if part.tag == der.OCTETS)
    for certificate in certificates:
        if hashlib.new(word, certificate.public_bytes(Encoding.DER)).digest() == wanted:
            return certificate
    raise InvalidData("the timestamp does not hold its signer's certificate")


def _made(leaf: "Certificate", data: bytes, signature: bytes, word: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key, algorithm = leaf.public_key(), jose.hash_of(word)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), algorithm)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(algorithm))
            return True
    except InvalidSignature:
        return False
    raise InvalidData("the timestamp is signed with a key of an unknown kind")


def _chain(
    leaf: "Certificate", certificates: "Sequence[Certificate]", roots: "Sequence[Certificate]"
) -> "tuple[Certificate, ...]":
    found = [leaf]
    while found[-1] not in roots:
        issuers = (
            each for each in (*roots, *certificates) if each not in found and chain.is_issued_by(found[-1], each)
        )
        issuer = next(issuers, None)
        if issuer is None or len(found) >= _LONGEST:
            raise InvalidData("no trust store of the policy vouches for the timestamp's authority")
        found.append(issuer)
    return tuple(found)


def _hash(algorithm: der.Value) -> str:
    oid = algorithm.children()[0].oid()
    if oid not in _HASHES:
        raise InvalidData(f"the timestamp uses the hash {oid}, not SHA-256, SHA-384 or SHA-512")
    return _HASHES[oid]
