"""The twin builder: no program runs; the context's files become one layer on the planned base."""

import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pratique.model.digest import Digest
from pratique.model.image import BASE_DIGEST, BASE_NAME
from pratique.model.reference import Reference
from pratique.registry.images import copy, load, pack
from pratique.registry.repository import Registry
from pratique.remediate.builder import Built, read_dockerfile
from pratique.remediate.definition import BuildDefinition


class InMemoryBuilder:
    """See `Builder`. `builds` lists what was asked for; `folder` is where its logs go."""

    def __init__(self, registry: Registry, folder: Path | None = None) -> None:
        self._registry = registry
        self._folder = folder or Path(tempfile.gettempdir())
        self.builds: list[tuple[BuildDefinition, Reference, Mapping[Reference, Digest]]] = []

    def build(self, definition: BuildDefinition, target: Reference, bases: Mapping[Reference, Digest]) -> Built:
        """See `Builder.build`: the image has the planned base's layers and config, and one layer of the context."""
        file = read_dockerfile(definition)
        pinned = file.pinned(bases, definition.target)
        repository = self._registry.repository(target)
        use = file.base(definition.target)
        base, annotations = None, {}
        if use:
            digest = next((bases[key] for key in (use.reference, _unpinned(use.reference)) if key in bases), None)
            origin = self._registry.repository(use.reference)
            base = load(origin, digest or use.reference.target, definition.platform)
            copy(origin, repository, base.descriptor)
            annotations = {BASE_NAME: str(_unpinned(use.reference)), BASE_DIGEST: base.digest}
        image = pack(
            repository,
            [_layer(definition)],
            base=base,
            platform=definition.platform,
            annotations=annotations,
            tag=target.tag,
        )
        self.builds.append((definition, target, dict(bases)))
        return Built(image.digest, self._log(image.digest, pinned))

    def _log(self, digest: Digest, text: str) -> Path:
        path = self._folder / f"build-{digest.partition(':')[2][:12]}.log"
        path.write_text(text)
        return path


def _unpinned(reference: Reference) -> Reference:
    return Reference(reference.registry, reference.repository, reference.tag)


def _layer(definition: BuildDefinition) -> bytes:
    """The context without the Dockerfile, as a tar that is the same for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(definition.context.rglob("*")):
            if path.is_file() and path != definition.dockerfile:
                entry = tarfile.TarInfo(str(path.relative_to(definition.context)))
                data = path.read_bytes()
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
