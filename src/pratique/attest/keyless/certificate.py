"""Whether a certificate is Fulcio's: its chain at a given time, what it is for, and that a log of certificates saw it.

Pure. Source: sigstore/fulcio `docs/certificate-specification.md`; RFC 6962 section 3.2 (signed certificate timestamps).
"""

import hashlib
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from pratique.attest.keyless.trusted_root import Authority, TrustedRoot
from pratique.attest.notation import chain
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

_PRECERTIFICATE = b"\x00\x01"  # LogEntryType


def check(leaf: "Certificate", root: TrustedRoot, moment: datetime) -> None:
    """Refuse a certificate that no believed authority issued, or that was not valid then. Raises InvalidData."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    chain.check_valid([leaf], moment, moment)
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        purposes = None
    if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes or chain.is_ca(leaf):
        raise InvalidData(f"{chain.name(leaf)} is not made for signing code")
    issuers = [each for each in root.authorities if _issued(leaf, each, moment)]
    if not issuers:
        raise InvalidData(f"no authority of the trusted root issued {chain.name(leaf)}")
    if not any(_is_logged(leaf, each.chain[0], root) for each in issuers):
        raise InvalidData(f"no log of certificates saw {chain.name(leaf)}")


def _issued(leaf: "Certificate", authority: Authority, moment: datetime) -> bool:
    """Whether the authority's chain leads from the leaf to its last certificate, all of it valid at that time."""
    links = (leaf, *authority.chain)
    if not authority.is_good_at(moment) or not all(chain.is_ca(each) for each in authority.chain):
        return False
    if not all(chain.is_issued_by(below, above) for below, above in pairwise(links)):
        return False
    try:
        chain.check_valid(authority.chain, moment, moment)
    except InvalidData:
        return False
    return True


def _is_logged(leaf: "Certificate", issuer: "Certificate", root: TrustedRoot) -> bool:
    from cryptography import x509

    try:
        stamps = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    except x509.ExtensionNotFound:
        return False
    return any(_is_stamped(leaf, issuer, stamp, root) for stamp in stamps)


def _is_stamped(
    leaf: "Certificate", issuer: "Certificate", stamp: "SignedCertificateTimestamp", root: TrustedRoot
) -> bool:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    body = leaf.tbs_precertificate_bytes
    milliseconds = round(stamp.timestamp.timestamp() * 1000) if stamp.timestamp.tzinfo else _milliseconds(stamp)
    signed = b"".join(
        (
            b"\x00\x00",  # version 1, a certificate's timestamp
            milliseconds.to_bytes(8),
            _PRECERTIFICATE,
            hashlib.sha256(key).digest(),
            len(body).to_bytes(3),
            body,
            len(stamp.extension_bytes).to_bytes(2),
            stamp.extension_bytes,
        )
    )
    logs = (log for log in root.certificate_logs if stamp.log_id in log.ids and log.is_good_at(_moment(milliseconds)))
    return any(log.key.verify(signed, stamp.signature) for log in logs)


def _milliseconds(stamp: "SignedCertificateTimestamp") -> int:
    return round(stamp.timestamp.replace(tzinfo=UTC).timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
