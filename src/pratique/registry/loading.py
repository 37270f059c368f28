"""From a tag or digest to an `Image`: index, platform, manifest, config."""

import platform as machine
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

from pratique.model.descriptor import DOCKER_CONFIG, INDEXES, MANIFESTS, OCI_CONFIG, Descriptor, Platform
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData, NotFound
from pratique.model.image import History, Image, Layer, Runtime
from pratique.registry import documents
from pratique.registry.blobs import read_small
from pratique.registry.documents import Config, Manifest
from pratique.registry.repository import CONFIG_LIMIT, LAYERS_LIMIT, Repository

_DEPTH = 4  # indexes within indexes; real ones have two at most
_PROBES = 20  # manifests in an index without a platform whose configs are read to find it
_GO_NAMES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm", "i686": "386"}
_VARIANTS = {"arm": 7, "arm64": 8, "amd64": 1}
# Early Docker wrote configs with this type; containerd reads them too.
_CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG, "application/octet-stream", ""})


def load(repository: Repository, target: str, platform: Platform | None = None) -> Image:
    """The image for one platform that a tag or digest means; without a platform, this machine's.

    An image that isn't in an index is taken as it is, unless a platform was asked for and isn't its own.
    Raises NotFound (no such tag, or not for the platform: the hint lists what there is), InvalidData, IntegrityError.
    """
    descriptor, data = repository.manifest(target)
    index = None
    for _ in range(_DEPTH):
        if descriptor.media_type not in INDEXES:
            break
        index = index or descriptor.digest
        descriptor, data = _within(repository, descriptor, data, platform or host())
    return _image(repository, descriptor, data, index, platform)


def host() -> Platform:
    """The platform of containers on this machine."""
    return Platform("linux", _GO_NAMES.get(machine.machine().lower(), machine.machine().lower()))


def choose(children: Sequence[Descriptor], wanted: Platform) -> Descriptor | None:
    """The child that runs best on a platform, as containerd chooses (pure): nearest variant, first of equals."""
    ranks = ((distance(child.platform, wanted), n) for n, child in enumerate(children) if child.platform)
    best = min(((rank, n) for rank, n in ranks if rank is not None), default=None)
    return children[best[1]] if best else None


def distance(has: Platform, wanted: Platform) -> int | None:
    """How far `has` is from the best for `wanted`, None when it doesn't run there (after containerd)."""
    if (has.os, has.architecture) != (wanted.os, wanted.architecture):
        return None
    theirs, mine = _variant(has), _variant(wanted)
    if theirs <= mine:
        return mine - theirs  # an older variant's code runs on a newer one
    return 100 if not wanted.variant and wanted.architecture != "amd64" else None


def _variant(platform: Platform) -> int:
    """`v7` as 7; where nothing is said, what the architecture's name alone means."""
    digits = platform.variant.removeprefix("v")
    return int(digits) if digits.isdecimal() and len(digits) < 4 else _VARIANTS.get(platform.architecture, 1)


def _within(repository: Repository, index: Descriptor, data: bytes, wanted: Platform) -> tuple[Descriptor, bytes]:
    name = f"{repository.reference.name}@{index.digest}"
    children = documents.decode_manifest(data, index.media_type, name).children
    chosen = choose(children, wanted) or _probe(repository, children, wanted)
    if chosen is None:
        there = ", ".join(dict.fromkeys(str(c.platform) for c in children if c.platform and c.platform.os != "unknown"))
        raise NotFound(f"{name} is not for {wanted}", f"it is for: {there or 'nothing'}"[:500])
    descriptor, data = repository.manifest(chosen.digest)
    return descriptor, data


def _probe(repository: Repository, children: Sequence[Descriptor], wanted: Platform) -> Descriptor | None:
    """The child that says no platform in the index but whose config is right; nested indexes are looked into."""
    plain = [child for child in children if child.platform is None]
    for child in [c for c in plain if c.media_type in MANIFESTS][:_PROBES]:
        descriptor, data = repository.manifest(child.digest)
        manifest = documents.decode_manifest(data, descriptor.media_type, child.digest)
        if manifest.config is None or manifest.config.media_type not in _CONFIGS:
            continue
        config = documents.decode(_config_bytes(repository, manifest.config), Config, child.digest)
        if distance(_platform(config), wanted) is not None:
            return child
    return next((child for child in plain if child.media_type in INDEXES), None)


def _image(
    repository: Repository, descriptor: Descriptor, data: bytes, index: Digest | None, wanted: Platform | None
) -> Image:
    name = f"{repository.reference.name}@{descriptor.digest}"
    manifest = image_manifest(descriptor, data, name)
    assert manifest.config is not None  # noqa: S101 - image_manifest has looked
    raw = _config_bytes(repository, manifest.config)
    image = assemble(descriptor, manifest, data, raw, name, index)
    if wanted is not None and distance(image.platform, wanted) is None:
        raise NotFound(f"{name} is not for {wanted}", f"it is for: {image.platform}")
    return image


def _config_bytes(repository: Repository, config: Descriptor) -> bytes:
    with repository.blob(config) as stream:
        return read_small(stream, config, CONFIG_LIMIT, repository.reference.name)


def image_manifest(descriptor: Descriptor, data: bytes, name: str) -> Manifest:
    """An image's manifest, decoded. Raises InvalidData when it is something else: an artifact, schema 1."""
    if descriptor.media_type not in MANIFESTS:
        hint = (
            "Docker's schema 1 is out of use: pull and push the image again" if ".v1+" in descriptor.media_type else ""
        )
        raise InvalidData(f"{name} is not an image but {descriptor.media_type[:100] or 'nothing known'}", hint)
    manifest = documents.decode_manifest(data, descriptor.media_type, name)
    if manifest.config is None or manifest.config.media_type not in _CONFIGS:
        raise InvalidData(f"{name} is not an image but an artifact: {manifest.kind[:100]}")
    if len(manifest.layers or ()) > LAYERS_LIMIT:
        raise InvalidData(f"{name} has {len(manifest.layers or ())} layers", f"the limit is {LAYERS_LIMIT}")
    return manifest


def assemble(
    descriptor: Descriptor,
    manifest: Manifest,
    raw_manifest: bytes,
    raw_config: bytes,
    name: str,
    index: Digest | None = None,
) -> Image:
    """Manifest and config as an `Image` (pure). Raises InvalidData when they don't belong together."""
    assert manifest.config is not None  # noqa: S101 - callers come from image_manifest
    config = documents.decode(raw_config, Config, f"{name}: config")
    return Image(
        digest=descriptor.digest,
        media_type=descriptor.media_type,
        platform=_platform(config),
        config=manifest.config,
        runtime=config.config or Runtime(),
        layers=_layers(manifest.layers or (), config, name),
        history=config.history or (),
        annotations=manifest.annotations or {},
        created=config.created,
        index=index,
        raw_manifest=raw_manifest,
        raw_config=raw_config,
    )


def _platform(config: Config) -> Platform:
    return Platform(config.os or "linux", config.architecture or "amd64", config.variant)


def _layers(descriptors: Sequence[Descriptor], config: Config, name: str) -> tuple[Layer, ...]:
    diff_ids = config.rootfs.diff_ids or ()
    if len(diff_ids) != len(descriptors):
        raise InvalidData(f"{name}: {len(descriptors)} layers, but the config counts {len(diff_ids)}")
    wrong = [diff_id for diff_id in diff_ids if not is_digest(diff_id)]
    if wrong:
        raise InvalidData(f"{name}: config: not a digest: {wrong[0][:100]!r}")
    lines = _lines(config.history or (), len(descriptors))
    return tuple(Layer(d, Digest(i), line) for d, i, line in zip(descriptors, diff_ids, lines, strict=False))


def _lines(history: Sequence[History], layers: int) -> Iterator[str]:
    """Each layer's line of the history; none at all when the counts differ, as then nobody knows which is whose."""
    made = [line.created_by for line in history if not line.empty_layer]
    return chain(made if len(made) == layers else (), repeat(""))
