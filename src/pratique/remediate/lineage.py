"""Who is built on whom: the base of an image is the known image whose layers are the longest proper prefix of its own.

Layers decide, since they cannot be claimed; the annotations `org.opencontainers.image.base.*` (OCI image-spec,
annotations.md) choose between known images with equal layers, and are all there is where the layers are not known.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pratique.model.descriptor import Platform
from pratique.model.digest import Digest, is_digest, short
from pratique.model.errors import UsageError
from pratique.model.image import BASE_DIGEST, BASE_NAME, Image, chain_ids
from pratique.model.reference import Reference

_IMPLIED_VARIANTS = {"arm64": "v8", "amd64": "v1"}


class KnownImage(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image that could be a base. `current` says that the tag of `reference` points at `digest` now."""

    reference: Reference
    digest: Digest
    diff_ids: tuple[Digest, ...]
    platform: Platform
    current: bool = False


class Lineage(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image's base: its name and digest as far as known, and how many of the image's first layers are the base's.

    `certain` means that the layers prove it; `evidence` says in words what was found.
    """

    base: Reference | None
    base_digest: Digest | None
    layers: int
    evidence: tuple[str, ...] = ()
    certain: bool = False


class Claim(msgspec.Struct, frozen=True):
    """What an image says of its own base, and where it says so."""

    name: Reference | None
    digest: Digest | None
    origin: str


class PrefixIndex:
    """Known images by their stack of layers: finding a base asks once per layer, however many are known."""

    def __init__(self, known: Iterable[KnownImage] = ()) -> None:
        self._by_chain: dict[Digest, list[KnownImage]] = {}
        self._by_digest: dict[Digest, list[KnownImage]] = {}
        for image in known:
            self.add(image)

    def add(self, image: KnownImage) -> None:
        """Make an image known; one without layers cannot be anybody's base."""
        chains = chain_ids(image.diff_ids)
        if chains:
            self._by_chain.setdefault(chains[-1], []).append(image)
            self._by_digest.setdefault(image.digest, []).append(image)

    def with_digest(self, digest: Digest) -> Sequence[KnownImage]:
        """Known images whose manifest has this digest."""
        return self._by_digest.get(digest, ())

    def stacks(self, image: Image) -> Iterator[tuple[int, list[KnownImage]]]:
        """The known images whose layers begin this one, longest first, with their number of layers; itself left out."""
        chains = chain_ids(image.diff_ids)
        for count in range(len(chains), 0, -1):
            matches = [
                known
                for known in self._by_chain.get(chains[count - 1], ())
                if known.digest != image.digest and same_platform(known.platform, image.platform)
            ]
            if matches:
                yield count, matches


def same_platform(one: Platform, other: Platform) -> bool:
    """Whether two platforms are one, an implied variant counting as none (arm64 is arm64/v8, as containerd has it)."""
    return _plain(one) == _plain(other)


def find_base(image: Image, known: Sequence[KnownImage] | PrefixIndex) -> Lineage | None:
    """The base of an image, by its layers and else by what it says itself; None when neither tells."""
    index = known if isinstance(known, PrefixIndex) else PrefixIndex(known)
    claim = claimed_base(image)
    for count, matches in index.stacks(image):
        if count == len(image.layers):
            # Equal layers: a twin or an older build, and a base only where the image itself says so.
            matches = [match for match in matches if claim and match.digest == claim.digest]
        if matches:
            return _by_layers(image, count, matches, claim)
    return _by_claim(claim, index) if claim else None


def claimed_base(image: Image) -> Claim | None:
    """What the manifest's annotations, or else the labels, say of the base; None when they say nothing usable."""
    for origin, values in (("annotation", image.annotations), ("label", image.labels)):
        name, digest = _reference(values), values.get(BASE_DIGEST, "")
        if name or is_digest(digest):
            return Claim(name, Digest(digest) if is_digest(digest) else None, origin)
    return None


def _by_layers(image: Image, count: int, matches: list[KnownImage], claim: Claim | None) -> Lineage:
    base = min(matches, key=lambda match: _preference(match, claim))
    evidence = [f"the first {count} of {len(image.layers)} layers are those of {base.reference}"]
    if claim:
        evidence.append(_agreement(base, claim))
    others = sorted({str(match.reference) for match in matches} - {str(base.reference)})
    if others:
        evidence.append("the same layers are also known as " + ", ".join(others[:5]))
    return Lineage(base.reference, base.digest, count, tuple(evidence), certain=True)


def _preference(match: KnownImage, claim: Claim | None) -> tuple[bool, bool, bool, Reference, Digest]:
    by_digest = claim is not None and claim.digest == match.digest
    by_name = claim is not None and claim.name is not None and _same_tag(claim.name, match.reference)
    return (not by_digest, not by_name, not match.current, _sortable(match.reference), match.digest)


def _agreement(base: KnownImage, claim: Claim) -> str:
    if claim.digest == base.digest:
        return f"the {claim.origin} {BASE_DIGEST} names it"
    if claim.name and _same_tag(claim.name, base.reference):
        return f"the {claim.origin} {BASE_NAME} names it"
    said = claim.name or (short(claim.digest) if claim.digest else "")
    return f"the {claim.origin}s name another base, {said}; the layers decide"


def _by_claim(claim: Claim, index: PrefixIndex) -> Lineage:
    known = index.with_digest(claim.digest) if claim.digest else ()
    name = claim.name or min((match.reference for match in known), key=_sortable, default=None)
    evidence = [f"the image's {claim.origin}s say so"]
    evidence.append(
        "but its layers are not the first of this image" if known else "no known image has its first layers"
    )
    return Lineage(name, claim.digest, 0, tuple(evidence), certain=False)


def _reference(values: Mapping[str, str]) -> Reference | None:
    try:
        return Reference.parse(values[BASE_NAME]) if values.get(BASE_NAME) else None
    except UsageError:
        return None  # a claim that names nothing


def _same_tag(one: Reference, other: Reference) -> bool:
    return one.name == other.name and one.tag == other.tag


def _sortable(reference: Reference) -> Reference:
    return Reference(reference.registry, reference.repository, reference.tag or "", reference.digest or Digest(""))


def _plain(platform: Platform) -> Platform:
    implied = _IMPLIED_VARIANTS.get(platform.architecture) == platform.variant
    return Platform(platform.os, platform.architecture) if implied else platform
