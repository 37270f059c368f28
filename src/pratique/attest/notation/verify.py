"""Verify an image's Notary Project signatures under notation's trust policy and trust store."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from pratique.attest.notation import check, trust_store
from pratique.attest.notation.find import Finder
from pratique.attest.notation.trust_policy import Level, Statement, TrustPolicy
from pratique.attest.verify import Verification
from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, NotFound
from pratique.model.inventory import Skipped
from pratique.registry.repository import Repository


def verify_image(
    repository: Repository,
    digest: Digest,
    statement: Statement,
    root: Path,
    now: datetime,
    annotations: Mapping[str, str] | None = None,
) -> Verification:
    """The signatures that count under one policy, each key once; `root` is the trust store's folder.

    What the policy only reports is in `warnings`. A policy that skips verification verifies nothing:
    `skipped` names it. Raises UsageError (a broken trust store), Unavailable, Refused.
    """
    if statement.level is Level.SKIP:
        return Verification(skipped=f"the trust policy {statement.name!r} skips verification")
    found, refused, warnings = _signatures(repository, digest, statement, root, now, annotations or {})
    by_key = {each.key_id: Attestation(digest, "", each.key_id) for each in found}
    return Verification(tuple(by_key.values()), refused, warnings)


class Proofs:
    """Verification under a trust policy, in the shape that the gate asks for (`admit.facts.Proofs`).

    Who signed is told as `notation:NAME`, the name of the trust policy's statement: certificates change, it doesn't. A
    signature whose authenticity a policy only reports doesn't count here: the gate has modes of its own for trying out.
    """

    def __init__(self, policy: TrustPolicy, root: Path, clock: Callable[[], datetime]) -> None:
        self._policy = policy
        self._root = root
        self._clock = clock

    def signatures(self, repository: Repository, digest: Digest) -> tuple[Attestation, ...]:
        """One for the policy that some signature satisfies; none where no policy is for this repository."""
        try:
            statement = self._policy.statement_for(repository.reference.name)
        except NotFound:
            return ()
        if statement.level is Level.SKIP:
            return ()
        found, _, _ = _signatures(repository, digest, statement, self._root, self._clock(), {})
        satisfied = any(each.authentic for each in found)
        return (Attestation(digest, "", f"notation:{statement.name}"),) if satisfied else ()

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> tuple[Attestation, ...]:
        """None: the Notary Project has no statements."""
        del repository, digest, predicate_type
        return ()


def _signatures(
    repository: Repository,
    digest: Digest,
    statement: Statement,
    root: Path,
    now: datetime,
    annotations: Mapping[str, str],
) -> tuple[list[check.Signature], tuple[Skipped, ...], tuple[Skipped, ...]]:
    trust = check.Trust(statement, trust_store.load(root, statement), now)
    subject, finder = repository.resolve(digest), Finder(repository, digest)
    found, warnings = [], []
    for candidate in finder.candidates():
        try:
            signature = check.signature(candidate.content, candidate.media_type, subject, trust)
            _require(annotations, signature.annotations)
        except InvalidData as error:
            finder.refuse(candidate.where, error)
        else:
            found.append(signature)
            warnings += [Skipped(candidate.where, warning) for warning in signature.warnings]
    return found, tuple(finder.refused), tuple(warnings)


def _require(wanted: Mapping[str, str], signed: Mapping[str, str]) -> None:
    for key, value in wanted.items():
        if signed.get(key) != value:
            raise InvalidData(f"well signed, but without the annotation {key}={value}")
