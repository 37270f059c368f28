"""Which chains of certificates may sign, and which may timestamp. Pure; whether they are trusted is not asked here.

Source: notaryproject/specifications `signature-specification.md`, "Certificate Requirements".
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pratique.attest import jose
from pratique.attest.notation import der
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, ExtensionType

_CERTIFICATE_LIMIT = 64 * 1024  # bytes of one certificate
_WEAK = frozenset({"md5", "sha1", "sha224"})
_NOT_FOR_LEAVES = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")


def load(chain: Sequence[bytes]) -> "tuple[Certificate, ...]":
    """Certificates from their DER. Raises InvalidData."""
    from cryptography import x509

    with reading():
        if any(len(each) > _CERTIFICATE_LIMIT for each in chain):
            raise ValueError(f"more than {_CERTIFICATE_LIMIT} bytes")
        if not all(_has_proper_serial(each) for each in chain):
            raise ValueError("its serial number is not positive")
        return tuple(x509.load_der_x509_certificate(each) for each in chain)


def _has_proper_serial(certificate: bytes) -> bool:
    # cryptography would say so to whoever reads our standard error, once for each such certificate of a stranger's.
    (to_sign, *_) = der.read(certificate).children()
    (first, second, *_) = to_sign.children()
    return (first if first.tag == der.INTEGER else second).integer() > 0


@contextmanager
def reading() -> Iterator[None]:
    """Turn what cryptography raises for odd certificates, often only once a part is asked for, into InvalidData."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    odd = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)
    try:
        yield
    except (ValueError, TypeError, *odd) as error:
        raise InvalidData(f"a certificate cannot be read: {str(error)[:200]}") from None


def check_signing(chain: "Sequence[Certificate]") -> None:
    """Refuse a chain that may not sign code: leaf first, complete, to a self-signed root. Raises InvalidData."""
    _check(chain, _signing_leaf)


def check_timestamping(chain: "Sequence[Certificate]") -> None:
    """Refuse a chain that may not timestamp (RFC 3161 section 2.3 besides). Raises InvalidData."""
    _check(chain, _timestamping_leaf)


def check_valid(chain: "Sequence[Certificate]", earliest: datetime, latest: datetime) -> None:
    """Refuse a chain of which a certificate isn't valid all the time between two moments. Raises InvalidData."""
    for certificate in chain:
        if earliest < certificate.not_valid_before_utc:
            raise InvalidData(
                f"{name(certificate)} is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M:%S}"
            )
        if latest > certificate.not_valid_after_utc:
            raise InvalidData(f"{name(certificate)} expired {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S}")


def name(certificate: "Certificate") -> str:
    """A certificate in words."""
    return f"the certificate {certificate.subject.rfc4514_string()[:120]!r}"


def is_issued_by(certificate: "Certificate", issuer: "Certificate") -> bool:
    """Whether the issuer's name and key fit (nothing else is looked at)."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _check(chain: "Sequence[Certificate]", check_leaf: "Callable[[Certificate], None]") -> None:
    with reading():
        for position, certificate in enumerate(chain):
            _check_strength(certificate)
            _check_link(chain, position, certificate)
            if position:
                _ca(certificate, position - 1)
            else:
                check_leaf(certificate)


def _check_link(chain: "Sequence[Certificate]", position: int, certificate: "Certificate") -> None:
    last = position == len(chain) - 1
    if is_issued_by(certificate, certificate) != last:
        raise InvalidData(
            f"{name(certificate)} ends the chain, but is not self-signed"
            if last
            else f"{name(certificate)} is self-signed, but does not end the chain"
        )
    if not last and not is_issued_by(certificate, chain[position + 1]):
        raise InvalidData(f"{name(certificate)} was not issued by {name(chain[position + 1])}")


def _check_strength(certificate: "Certificate") -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    algorithm, key = certificate.signature_hash_algorithm, certificate.public_key()
    if algorithm is None or algorithm.name in _WEAK:
        raise InvalidData(f"{name(certificate)} is signed with {algorithm.name if algorithm else 'an unknown hash'}")
    strong = isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and key.key_size >= (
        2048 if isinstance(key, rsa.RSAPublicKey) else 256
    )
    if not strong:
        raise InvalidData(f"{name(certificate)} has a key that is too weak, or of a kind that may not sign")


def _ca(certificate: "Certificate", below: int) -> None:
    from cryptography import x509

    constraints, critical = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not critical or not constraints.ca:
        raise InvalidData(f"{name(certificate)} is in the place of a CA, but isn't one (critical basicConstraints)")
    if constraints.path_length is not None and constraints.path_length < below:
        raise InvalidData(f"{name(certificate)} allows {constraints.path_length} CAs below it, not {below}")
    if not _usage(certificate, critical=True).key_cert_sign:
        raise InvalidData(f"{name(certificate)} may not sign certificates")


def _signing_leaf(certificate: "Certificate") -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Use

    _leaf(certificate, critical=True)
    purposes, _ = _extension(certificate, x509.ExtendedKeyUsage)
    other = {
        Use.ANY_EXTENDED_KEY_USAGE,
        Use.SERVER_AUTH,
        Use.CLIENT_AUTH,
        Use.EMAIL_PROTECTION,
        Use.TIME_STAMPING,
        Use.OCSP_SIGNING,
    }
    if purposes is not None and other & set(purposes):
        raise InvalidData(f"{name(certificate)} is made for something else than signing code")


def _timestamping_leaf(certificate: "Certificate") -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID as Use

    _leaf(certificate, critical=False)
    purposes, critical = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is None or list(purposes) != [Use.TIME_STAMPING] or not critical:
        raise InvalidData(f"{name(certificate)} is not made for timestamps only (critical extendedKeyUsage)")


def _leaf(certificate: "Certificate", *, critical: bool) -> None:
    from cryptography import x509

    constraints, _ = _extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise InvalidData(f"{name(certificate)} is a CA's; it may not sign anything else")
    usage = _usage(certificate, critical=critical)
    if not usage.digital_signature or any(getattr(usage, word) for word in _NOT_FOR_LEAVES):
        raise InvalidData(f"{name(certificate)} must be for digital signatures, and for nothing else (keyUsage)")
    jose.algorithm_of(certificate.public_key())


def _usage(certificate: "Certificate", *, critical: bool) -> Any:
    from cryptography import x509

    usage, is_critical = _extension(certificate, x509.KeyUsage)
    if usage is None or (critical and not is_critical):
        raise InvalidData(f"{name(certificate)} has no critical keyUsage")
    return usage


def _extension(certificate: "Certificate", kind: "type[ExtensionType]") -> tuple[Any, bool]:
    from cryptography import x509

    try:
        found = certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None, False
    return found.value, found.critical


def is_ca(certificate: "Certificate") -> bool:
    """Whether a certificate says that it is a CA's."""
    from cryptography import x509

    with reading():
        constraints, _ = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and bool(constraints.ca)
