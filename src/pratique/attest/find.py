"""Fetch what claims to be a signature of an image or a statement about it: from cosign's tags and from its referrers.

The registry is not trusted: what it offers is bounded in number and size, and every blob has its digest checked.
"""

from collections.abc import Iterator

from pratique.attest import beside, bundle, dsse, simple_signing
from pratique.attest.check import Candidate
from pratique.attest.predicates import COSIGN_SIGNATURE
from pratique.attest.statements import is_a
from pratique.model.descriptor import Descriptor
from pratique.model.digest import Digest
from pratique.model.errors import IntegrityError, InvalidData, NotFound
from pratique.model.inventory import Skipped
from pratique.registry.repository import Repository

MAX_PAYLOAD = 32 * 1024 * 1024  # bytes of one signature or attestation
MAX_TOTAL = 128 * 1024 * 1024  # bytes of all that are fetched for one question


class Finder:
    """Finds candidates for one image; what could not be used is in `refused`, with the reason.

    Raises Unavailable and Refused (the registry's own), for a registry that does not answer says nothing of signatures.
    """

    def __init__(self, repository: Repository, digest: Digest) -> None:
        self._repository = repository
        self._digest = digest
        self._left = MAX_TOTAL
        self.refused: list[Skipped] = []

    def signatures(self) -> Iterator[Candidate]:
        """Candidates for image signatures: bundles first, as cosign looks for them, then the `.sig` tag."""
        yield from (candidate for _, candidate in self.bundles(COSIGN_SIGNATURE))
        yield from self._tagged("sig", simple_signing.MEDIA_TYPE, "")

    def attestations(self, predicate_type: str) -> Iterator[Candidate]:
        """Candidates for statements of a predicate type (empty = any but plain signatures)."""
        yield from (candidate for _, candidate in self.bundles(predicate_type))
        yield from self._tagged("att", dsse.ENVELOPE, predicate_type)

    def refuse(self, where: str, error: Exception) -> None:
        """Note why a candidate is not used."""
        self.refused.append(Skipped(where, str(error)))

    def bundles(self, predicate_type: str) -> Iterator[tuple[Descriptor, Candidate]]:
        """Bundles that refer to the image, with the descriptors of their manifests."""
        try:
            referrers = self._repository.referrers(self._digest)
        except NotFound:
            return
        except (InvalidData, IntegrityError) as error:
            self.refuse("referrers", error)
            return
        wanted = [
            each
            for each in referrers
            if bundle.is_bundle(each.artifact_type)
            and _may_be(each.annotations.get(bundle.PREDICATE_TYPE), predicate_type)
        ]
        if len(wanted) > beside.MAX_LAYERS:
            self.refuse("referrers", InvalidData(f"{len(wanted)} bundles; only the first {beside.MAX_LAYERS} are read"))
        for descriptor in wanted[: beside.MAX_LAYERS]:
            where = f"referrer {descriptor.digest}"
            layer = self._only_layer(where, descriptor, predicate_type)
            content = self._content(where, layer) if layer else None
            if layer is not None and content is not None:
                yield descriptor, Candidate(where, layer.media_type, content)

    def _tagged(self, suffix: str, media_type: str, predicate_type: str) -> Iterator[Candidate]:
        tag = beside.tag(self._digest, suffix)
        try:
            layers = beside.parse(self._repository.manifest(tag)[1]).layers
        except NotFound:
            return
        except (InvalidData, IntegrityError) as error:
            self.refuse(tag, error)
            return
        for position, layer in enumerate(layers):
            if layer.media_type != media_type or not _may_be(layer.annotations.get("predicateType"), predicate_type):
                continue
            content = self._content(where := f"{tag} layer {position}", layer)
            if content is not None:
                signature = layer.annotations.get(simple_signing.SIGNATURE, "")
                yield Candidate(where, media_type, content, signature, layer.annotations)

    def _only_layer(self, where: str, descriptor: Descriptor, predicate_type: str) -> Descriptor | None:
        try:
            manifest = beside.parse(self._repository.manifest(descriptor.digest)[1])
            # Not every list of referrers repeats the annotations, so they are looked at once more, here.
            if not _may_be(manifest.annotations.get(bundle.PREDICATE_TYPE), predicate_type):
                return None
            if len(manifest.layers) != 1 or not bundle.is_bundle(manifest.layers[0].media_type):
                raise InvalidData("a bundle's manifest that doesn't hold exactly one bundle")
        except (NotFound, InvalidData, IntegrityError) as error:
            self.refuse(where, error)
            return None
        return manifest.layers[0]

    def _content(self, where: str, layer: Descriptor) -> bytes | None:
        try:
            if layer.size > min(MAX_PAYLOAD, self._left):
                raise InvalidData(f"{layer.size} bytes are too many ({MAX_PAYLOAD} each, {MAX_TOTAL} in all)")
            self._left -= layer.size
            return read(self._repository, layer)
        except (NotFound, InvalidData, IntegrityError) as error:
            self.refuse(where, error)
            return None


def read(repository: Repository, layer: Descriptor) -> bytes:
    """A blob's bytes, at most its size, digest checked by the repository's verifying stream."""
    with repository.blob(layer) as stream:
        content = stream.read(layer.size)
        if len(content) != layer.size or stream.read(1):
            raise IntegrityError(f"{layer.digest} does not have its {layer.size} bytes")
    return content


def _may_be(announced: str | None, wanted: str) -> bool:
    """Whether fetching is worthwhile: the announced type is unsigned, so it can only narrow the search."""
    if announced is None:
        return True
    return is_a(announced, wanted) and (bool(wanted) or announced != COSIGN_SIGNATURE)
