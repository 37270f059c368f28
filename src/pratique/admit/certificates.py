"""A certificate for the webhook, made here: a small CA of its own, and a server certificate by it.

The API server trusts the CA through the webhook's `caBundle`; the server's name is `<service>.<namespace>.svc`.
"""

import ipaddress
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_CA_DAYS = 3650
_BACKDATED = timedelta(minutes=5)  # for clocks that are a little behind


class Issued(NamedTuple):
    """A CA's certificate, and a server's certificate with its key, as PEM."""

    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes


def issue(names: Sequence[str], now: datetime, days: int = 365) -> Issued:
    """A new CA, whose key is forgotten at once, and a server certificate for these DNS names and IP addresses.

    `now` is aware. Raises UsageError when there is no name, or one that isn't a name.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    subject_names = [_san(name) for name in names]
    if not subject_names:
        raise UsageError("a certificate needs a name", "give the service's DNS name, as in pratique.pratique.svc")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _authority(ca_key, now)
    certificate = _server(ca, ca_key, key, subject_names, now, days)
    return Issued(_pem(ca), _pem(certificate), _key_pem(key))


def write(folder: Path, issued: Issued) -> None:
    """Write `ca.crt`, `tls.crt` and `tls.key`, readable by us only, each one whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (("ca.crt", issued.ca_pem), ("tls.key", issued.key_pem), ("tls.crt", issued.certificate_pem)):
        _replace(folder / name, data)


def expires(certificate_pem: bytes) -> datetime:
    """When a certificate ends (aware, UTC). Raises InvalidData when it isn't one."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(certificate_pem).not_valid_after_utc
    except ValueError as error:
        raise InvalidData(f"not a certificate: {error}") from None


def _authority(key: "ec.EllipticCurvePrivateKey", now: datetime) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    name = _name("Pratique webhook CA")
    builder = _builder(name, name, key, now, _CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return builder.sign(key, SHA256())


def _server(
    ca: "x509.Certificate",
    ca_key: "ec.EllipticCurvePrivateKey",
    key: "ec.EllipticCurvePrivateKey",
    names: "Sequence[x509.GeneralName]",
    now: datetime,
    days: int,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID

    builder = _builder(_name("Pratique webhook"), ca.subject, key, now, days)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    for extension, critical in (
        (x509.SubjectAlternativeName(names), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (authority, False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(ca_key, SHA256())


def _builder(
    subject: "x509.Name", issuer: "x509.Name", key: "ec.EllipticCurvePrivateKey", now: datetime, days: int
) -> "x509.CertificateBuilder":
    from cryptography import x509

    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _BACKDATED).not_valid_after(now + timedelta(days=days))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs_certificates: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _san(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    labels = name.split(".")
    if len(name) > 253 or not all(0 < len(label) < 64 and label.replace("-", "a").isalnum() for label in labels):
        raise UsageError(f"not a DNS name or an IP address: {name[:100]!r}")
    if not name.isascii():
        raise UsageError(f"not a DNS name in ASCII: {name[:100]!r}")
    return x509.DNSName(name)


def _name(text: str) -> "x509.Name":
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _pem(certificate: "x509.Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: "ec.EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
