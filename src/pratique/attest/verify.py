"""Verify an image's signatures and attestations with public keys: cosign's tags and Sigstore bundles alike."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pratique.attest import check
from pratique.attest.find import Finder
from pratique.attest.keys import Verifier
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.attest.statements import is_a
from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData
from pratique.model.inventory import Skipped
from pratique.registry.repository import Repository


class Verification(msgspec.Struct, frozen=True):
    """What was verified, and why each other candidate was not; true, and as long, as what was verified."""

    verified: tuple[Attestation, ...] = ()
    refused: tuple[Skipped, ...] = ()
    warnings: tuple[Skipped, ...] = ()  # what was verified in spite of: a trust policy may say so
    skipped: str = ""  # which trust policy says that nothing needs to be verified

    def __bool__(self) -> bool:
        return bool(self.verified)

    def __len__(self) -> int:
        return len(self.verified)

    def __iter__(self) -> Iterator[Attestation]:
        return iter(self.verified)


def verify_image(
    repository: Repository,
    digest: Digest,
    verifiers: Sequence[Verifier],
    annotations: Mapping[str, str] | None = None,
) -> Verification:
    """The image signatures by these keys, each key once; `annotations` must be part of what was signed.

    `digest` is what the tag resolved to (the index of a multi-platform image). Raises Unavailable or Refused when the
    registry doesn't answer: that is not the same as unsigned.
    """
    finder = Finder(repository, digest)
    verified: dict[str, Attestation] = {}
    for candidate in finder.signatures():
        try:
            found = check.signature(candidate, digest, verifiers, annotations or {})
        except InvalidData as error:
            finder.refuse(candidate.where, error)
        else:
            verified.setdefault(found.key_id, found)
    return Verification(tuple(verified.values()), tuple(finder.refused))


def attestations(
    repository: Repository, digest: Digest, verifiers: Sequence[Verifier], predicate_type: str = ""
) -> Verification:
    """The statements about the image by these keys, of this predicate type or a version of it (empty = every type).

    In the order they were added within each store: of several of one type and key, the last is the newest. Raises as
    `verify_image`.
    """
    finder = Finder(repository, digest)
    verified = []
    for candidate in finder.attestations(predicate_type):
        try:
            found = check.attestation(candidate, digest, verifiers)
        except InvalidData as error:
            finder.refuse(candidate.where, error)
            continue
        plain_signature = found.predicate_type == COSIGN_SIGNATURE and not predicate_type
        if is_a(found.predicate_type, predicate_type) and not plain_signature:
            verified.append(found)
    return Verification(tuple(verified), tuple(finder.refused))


class Proofs:
    """Verification with a fixed set of keys, in the shape that the gate asks for (`admit.facts.Proofs`)."""

    def __init__(self, verifiers: Sequence[Verifier]) -> None:
        self._verifiers = tuple(verifiers)

    def signatures(self, repository: Repository, digest: Digest) -> tuple[Attestation, ...]:
        """The image's signatures that verify. Raises as `verify_image`."""
        return verify_image(repository, digest, self._verifiers).verified

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> tuple[Attestation, ...]:
        """The statements about the image that verify. Raises as `verify_image`."""
        return attestations(repository, digest, self._verifiers, predicate_type).verified
