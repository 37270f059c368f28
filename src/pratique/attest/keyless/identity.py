"""Who may have signed: the subject and the issuer of a certificate, word for word or by a pattern of the whole. Pure.

Source: sigstore/fulcio `docs/oid-info.md`.
"""

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.attest.notation import der
from pratique.model.errors import InvalidData, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_ISSUER, _OLD_ISSUER = "1.3.6.1.4.1.57264.1.8", "1.3.6.1.4.1.57264.1.1"
_OTHER_NAME = "1.3.6.1.4.1.57264.1.7"
_UTF8 = 0x0C
_LONGEST = 2048  # characters of what a pattern is tried on


class Identity(msgspec.Struct, frozen=True):
    """Who may have signed. Exactly one of `subject` and `subject_pattern`, and of `issuer` and `issuer_pattern`."""

    subject: str = ""
    issuer: str = ""
    subject_pattern: str = ""
    issuer_pattern: str = ""

    def __post_init__(self) -> None:
        """Raises UsageError."""
        for exact, pattern, word in (
            (self.subject, self.subject_pattern, "subject"),
            (self.issuer, self.issuer_pattern, "issuer"),
        ):
            if bool(exact) == bool(pattern):
                raise UsageError(f"the signer's {word} is needed", "as it is, or as a pattern; not both")
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise UsageError(f"not a pattern: {pattern[:80]!r}", str(error)) from None

    def check(self, subjects: tuple[str, ...], issuer: str) -> str:
        """The subject that fits. Raises InvalidData when none does, or the issuer doesn't.

        A pattern must match the whole, whether it says so itself or not: `example.com` doesn't mean
        `example.com.evil.org`.
        """
        if not _fits(issuer, self.issuer, self.issuer_pattern):
            raise InvalidData(f"its signer's identity comes from {issuer[:120]!r}")
        for subject in subjects:
            if _fits(subject, self.subject, self.subject_pattern):
                return subject
        raise InvalidData(f"signed by {', '.join(subjects)[:200]!r}")


def _fits(found: str, exact: str, pattern: str) -> bool:
    if exact:
        return found == exact
    return len(found) <= _LONGEST and re.fullmatch(pattern, found) is not None


def subjects_of(certificate: "Certificate") -> tuple[str, ...]:
    """Whom a certificate of Fulcio's names: mail addresses, URIs, or names in Fulcio's own form."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    found = [each.value for each in names if isinstance(each, x509.RFC822Name | x509.UniformResourceIdentifier)]
    others = [each for each in names if isinstance(each, x509.OtherName)]
    return (*found, *(_utf8(each.value) for each in others if each.type_id.dotted_string == _OTHER_NAME))


def issuer_of(certificate: "Certificate") -> str:
    """Who vouched for that name: the OpenID Connect issuer; empty where the certificate doesn't say."""
    from cryptography import x509

    for oid in (_ISSUER, _OLD_ISSUER):
        try:
            value = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value
        except x509.ExtensionNotFound:
            continue
        if isinstance(value, x509.UnrecognizedExtension):
            return _utf8(value.value) if oid == _ISSUER else value.value.decode()
    return ""


def _utf8(data: bytes) -> str:
    value = der.read(data)
    if value.tag != _UTF8:
        raise InvalidData("a name in the certificate is not a text")
    return value.content.decode()
