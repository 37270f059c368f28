"""Whether certificates were revoked, as far as it can be known without asking anyone. Pure.

A certificate that names neither an OCSP responder nor a list of revoked ones (CRL) cannot be revoked, which counts as
fine, as in notation-go. For others the answer is "unknown": nobody is asked, and the policy decides what that means.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pratique.attest.notation import chain
from pratique.model.errors import InvalidData

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


def check_offline(certificates: "Sequence[Certificate]") -> None:
    """Refuse a chain of which a certificate could have been revoked. Raises InvalidData."""
    for certificate in certificates[:-1] or certificates:
        if _names_a_source(certificate):
            raise InvalidData(f"{chain.name(certificate)} may be revoked: nobody was asked, for this works offline")


def _names_a_source(certificate: "Certificate") -> bool:
    from cryptography import x509
    from cryptography.x509.oid import AuthorityInformationAccessOID as Access

    with chain.reading():
        extensions = certificate.extensions
    if any(isinstance(each.value, x509.CRLDistributionPoints) for each in extensions):
        return True
    return any(
        description.access_method == Access.OCSP
        for each in extensions
        if isinstance(each.value, x509.AuthorityInformationAccess)
        for description in each.value
    )
