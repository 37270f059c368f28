"""Chains of certificates as the Notary Project wants them, and ones that break its rules."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Extension: TypeAlias = tuple[x509.ExtensionType, bool]
DAY = timedelta(days=1)
_NAMES = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}
ORGANISATION = {"C": "US", "ST": "WA", "O": "acme"}


class Issued(NamedTuple):
    """A certificate with its key and those above it, up to the root."""

    key: PrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return (self.certificate, *self.above)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def chain_pem(self) -> bytes:
        return b"".join(pem(each) for each in self.chain)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def new_key(kind: str = "P-256") -> PrivateKey:
    """A new key: `P-256`, `P-384`, `P-521`, `RSA-2048`, ..."""
    if kind.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1(), "K-256": ec.SECP256K1()}
    return ec.generate_private_key(curves[kind])


def key_usage(**bits: bool) -> x509.KeyUsage:
    every = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{bit: bits.get(bit, False) for bit in every})


LEAF: tuple[Extension, ...] = ((key_usage(digital_signature=True), True),)


def ca_extensions(path_length: int | None = None) -> tuple[Extension, ...]:
    return (
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (key_usage(key_cert_sign=True), True),
    )


def issue(
    issuer: Issued | None = None,
    *,
    name: str = "signer",
    subject: dict[str, str] | None = None,
    extensions: tuple[Extension, ...] = LEAF,
    key: PrivateKey | None = None,
    lives: tuple[datetime, datetime] | None = None,
) -> Issued:
    """A certificate by an issuer, or a self-signed one; it lives from yesterday until next year if not told."""
    key = key or new_key()
    words = {**(subject if subject is not None else ORGANISATION), "CN": name}
    named = x509.Name([x509.NameAttribute(_NAMES[kind], value) for kind, value in words.items()])
    now = datetime.now(UTC)
    begins, ends = lives or (now - DAY, now + 365 * DAY)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer.certificate.subject if issuer else named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    return Issued(key, certificate, issuer.chain if issuer else ())


def authority(issuer: Issued | None = None, *, name: str = "root", path_length: int | None = None) -> Issued:
    """A CA, a hundred days old."""
    now = datetime.now(UTC)
    return issue(issuer, name=name, extensions=ca_extensions(path_length), lives=(now - 100 * DAY, now + 3650 * DAY))
