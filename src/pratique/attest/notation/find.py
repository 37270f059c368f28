"""Fetch the Notary Project signatures of a manifest: from its referrers, and from the tag that stands in for them.

The registry is not trusted: what it offers is bounded in number and size, and every blob has its digest checked.
"""

from collections.abc import Iterator

import msgspec

from pratique.attest import beside
from pratique.attest.find import read
from pratique.attest.notation.envelope import ARTIFACT_TYPE
from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest
from pratique.model.errors import IntegrityError, InvalidData, NotFound
from pratique.model.inventory import Skipped
from pratique.registry.fallback import Fallback
from pratique.registry.repository import Repository

MAX_ENVELOPE = 4 * 1024 * 1024  # bytes
MAX_SIGNATURES = 100  # as many as notation looks at


class Candidate(msgspec.Struct, frozen=True):
    """An envelope that was found; `where` names it for people, `manifest` is the one that holds it."""

    where: str
    manifest: Descriptor
    media_type: str
    content: bytes


class Finder:
    """Finds candidates; what could not be used is in `refused`. Raises Unavailable and Refused, the registry's own."""

    def __init__(self, repository: Repository, digest: Digest) -> None:
        self._repository = repository
        self._digest = digest
        self.refused: list[Skipped] = []

    def candidates(self) -> Iterator[Candidate]:
        """The envelopes, in the order that the registry tells."""
        manifests = self._manifests()
        if len(manifests) > MAX_SIGNATURES:
            self.refuse("referrers", InvalidData(f"{len(manifests)} signatures; only {MAX_SIGNATURES} are looked at"))
        for manifest in manifests[:MAX_SIGNATURES]:
            where = f"referrer {manifest.digest}"
            try:
                yield self._candidate(where, manifest)
            except (NotFound, InvalidData, IntegrityError) as error:
                self.refuse(where, error)

    def refuse(self, where: str, error: Exception) -> None:
        """Note why a candidate is not used."""
        self.refused.append(Skipped(where, str(error)))

    def _manifests(self) -> list[Descriptor]:
        # Notation writes the tag also where a registry has the API: one that learnt it later may list nothing there.
        found: dict[Digest, Descriptor] = {}
        for listed in (self._repository.referrers, Fallback(self._repository).read):
            try:
                found |= {each.digest: each for each in listed(self._digest) if each.artifact_type == ARTIFACT_TYPE}
            except NotFound:
                continue
            except (InvalidData, IntegrityError) as error:
                self.refuse("referrers", error)
        return list(found.values())

    def _candidate(self, where: str, manifest: Descriptor) -> Candidate:
        layers = beside.parse(self._repository.manifest(manifest.digest)[1]).layers
        if len(layers) != 1:
            raise InvalidData(f"a signature's manifest with {len(layers)} envelopes, not one")
        if layers[0].size > MAX_ENVELOPE:
            raise InvalidData(f"an envelope of {layers[0].size} bytes, more than {MAX_ENVELOPE}")
        return Candidate(where, manifest, layers[0].media_type, read(self._repository, layers[0]))
