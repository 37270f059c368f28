"""One image for one platform as an immutable value: its manifest, its config, its layers by descriptor. No content."""

from collections.abc import Iterable, Mapping

import msgspec

from pratique.model.descriptor import Descriptor, Platform
from pratique.model.digest import Digest, digest_of

BASE_NAME = "org.opencontainers.image.base.name"
BASE_DIGEST = "org.opencontainers.image.base.digest"


class Runtime(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """The `config` object of an image's configuration: how it runs (OCI image-spec, config.md).

    Keys that are not named here stay in the image's `raw_config` and must survive an edit.
    """

    user: str = ""
    env: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    working_dir: str = ""
    labels: Mapping[str, str] | None = None
    exposed_ports: Mapping[str, msgspec.Raw | dict[str, object]] | None = None
    volumes: Mapping[str, msgspec.Raw | dict[str, object]] | None = None
    stop_signal: str = ""


class History(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an image's history; `empty_layer` lines made no layer."""

    created: str | None = None
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


class Layer(msgspec.Struct, frozen=True):
    """One layer: the descriptor of its (compressed) blob, the digest of its tar, and the history line that made it."""

    descriptor: Descriptor
    diff_id: Digest
    created_by: str = ""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One image for one platform.

    `digest` names the image manifest, `index` the index it was chosen from, if any. `raw_manifest` and `raw_config`
    are the exact bytes, so that an edit can keep what we don't know.
    """

    digest: Digest
    media_type: str
    platform: Platform
    config: Descriptor
    runtime: Runtime
    layers: tuple[Layer, ...]
    history: tuple[History, ...] = ()
    annotations: Mapping[str, str] = {}
    created: str | None = None
    index: Digest | None = None
    raw_manifest: bytes
    raw_config: bytes

    @property
    def diff_ids(self) -> tuple[Digest, ...]:
        """The uncompressed layers' digests, base first: what makes two images share a base."""
        return tuple(layer.diff_id for layer in self.layers)

    @property
    def labels(self) -> Mapping[str, str]:
        """The config's labels."""
        return self.runtime.labels or {}

    @property
    def descriptor(self) -> Descriptor:
        """The manifest's own descriptor."""
        return Descriptor(self.media_type, self.digest, len(self.raw_manifest))


def chain_ids(diff_ids: Iterable[Digest]) -> tuple[Digest, ...]:
    """The chain id of every prefix, shortest first (OCI image-spec, config.md#layer-chainid)."""
    chains: list[Digest] = []
    for diff_id in diff_ids:
        chains.append(digest_of(f"{chains[-1]} {diff_id}".encode()) if chains else diff_id)
    return tuple(chains)
