"""Signed statements about an image."""

import msgspec

from pratique.model.digest import Digest

# Our own predicate types: the model's `Verdict` and `Validation` as JSON.
VERDICT = "https://pratique.dev/attestation/verdict/v1"
VALIDATION = "https://pratique.dev/attestation/validation/v1"


class Attestation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A statement that was verified: about which digest, of which predicate type, by which key, with what predicate.

    `key_id` is the sha256 of the signer's DER public key (SubjectPublicKeyInfo) as `sha256:hex`.
    `predicate_type` is empty for a plain cosign image signature; `predicate` is then `{}`.
    """

    subject: Digest
    predicate_type: str
    key_id: str
    predicate: msgspec.Raw = msgspec.Raw(b"{}")
