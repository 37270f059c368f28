"""Verify an image's keyless signatures and attestations with a trust root, offline: bundles and cosign's tags alike."""

from collections.abc import Callable, Iterable, Mapping

from pratique.attest.check import Candidate
from pratique.attest.find import Finder
from pratique.attest.keyless import check
from pratique.attest.keyless.identity import Identity
from pratique.attest.keyless.trusted_root import TrustedRoot
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.attest.statements import is_a
from pratique.attest.verify import Verification
from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData
from pratique.registry.repository import Repository


def verify_image(
    repository: Repository,
    digest: Digest,
    root: TrustedRoot,
    identity: Identity,
    annotations: Mapping[str, str] | None = None,
) -> Verification:
    """The image signatures by this identity, each identity once. Raises Unavailable or Refused, the registry's own."""
    finder = Finder(repository, digest)
    found = _verified(
        finder, finder.signatures(), lambda each: check.signature(each, digest, root, identity, annotations or {})
    )
    by_signer = {each.key_id: each for each in found}
    return Verification(tuple(by_signer.values()), tuple(finder.refused))


def attestations(
    repository: Repository, digest: Digest, root: TrustedRoot, identity: Identity, predicate_type: str = ""
) -> Verification:
    """The statements about the image by this identity, as `attest.verify.attestations` has them by keys."""
    finder = Finder(repository, digest)
    found = _verified(
        finder, finder.attestations(predicate_type), lambda each: check.attestation(each, digest, root, identity)
    )
    wanted = [
        each
        for each in found
        if is_a(each.predicate_type, predicate_type) and (predicate_type or each.predicate_type != COSIGN_SIGNATURE)
    ]
    return Verification(tuple(wanted), tuple(finder.refused))


def _verified(
    finder: Finder, candidates: Iterable[Candidate], verify: Callable[[Candidate], Attestation]
) -> list[Attestation]:
    found = []
    for candidate in candidates:
        try:
            found.append(verify(candidate))
        except InvalidData as error:
            finder.refuse(candidate.where, error)
    return found


class Proofs:
    """Verification with a trust root and one identity, in the shape that the gate asks for (`admit.facts.Proofs`)."""

    def __init__(self, root: TrustedRoot, identity: Identity) -> None:
        self._root = root
        self._identity = identity

    def signatures(self, repository: Repository, digest: Digest) -> tuple[Attestation, ...]:
        """The image's signatures that verify. Raises as `verify_image`."""
        return verify_image(repository, digest, self._root, self._identity).verified

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> tuple[Attestation, ...]:
        """The statements about the image that verify. Raises as `verify_image`."""
        return attestations(repository, digest, self._root, self._identity, predicate_type).verified
