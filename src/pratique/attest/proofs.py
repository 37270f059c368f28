"""Several kinds of proofs as one, so that the gate accepts cosign's signatures, the Notary Project's, or both."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from pratique.model.attestation import Attestation
from pratique.model.digest import Digest
from pratique.registry.repository import Repository


class _Proofs(Protocol):
    def signatures(self, repository: Repository, digest: Digest) -> Iterable[Attestation]: ...

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> Iterable[Attestation]: ...


class AnyProofs:
    """What any of these proves, in the shape that the gate asks for (`admit.facts.Proofs`). Raises what they raise."""

    def __init__(self, kinds: Sequence[_Proofs]) -> None:
        self._kinds = tuple(kinds)

    def signatures(self, repository: Repository, digest: Digest) -> tuple[Attestation, ...]:
        """The signatures that one of them verifies."""
        return tuple(found for kind in self._kinds for found in kind.signatures(repository, digest))

    def statements(self, repository: Repository, digest: Digest, predicate_type: str) -> tuple[Attestation, ...]:
        """The statements that one of them verifies."""
        return tuple(found for kind in self._kinds for found in kind.statements(repository, digest, predicate_type))
