"""Copy an image, an index with all its images, or an artifact from one repository to another."""

from pratique.model.descriptor import Descriptor
from pratique.model.errors import IntegrityError, InvalidData, NotFound
from pratique.registry import documents
from pratique.registry.repository import Repository

_WORKERS = 4  # blobs on their way at once; registries throttle well below what more would bring
_DEPTH = 8  # indexes within indexes, referrers of referrers


def copy(
    source: Repository, target: Repository, descriptor: Descriptor, tag: str | None = None, *, referrers: bool = False
) -> Descriptor:
    """Copy what the descriptor names, byte for byte, and tag it; with `referrers`, its signatures and attestations too.

    What the target has is skipped; between repositories of one registry blobs are mounted, not sent. The manifest comes
    last, so that a copy that fails leaves no broken image. Raises NotFound, IntegrityError, InvalidData.
    """
    return _Copy(source, target, referrers).run(descriptor, tag)


class _Copy:
    def __init__(self, source: Repository, target: Repository, referrers: bool) -> None:
        self._source = source
        self._target = target
        self._referrers = referrers
        self._done: set[str] = set()  # indexes can name one another's children; each is copied once

    def run(self, descriptor: Descriptor, tag: str | None, depth: int = 0) -> Descriptor:
        if depth > _DEPTH:
            raise InvalidData(f"{self._source.reference.name}@{descriptor.digest}: nested more than {_DEPTH} deep")
        found, data = self._source.manifest(descriptor.digest)
        if found.digest != descriptor.digest:
            raise IntegrityError(f"{self._source.reference.name}: got {found.digest} instead of {descriptor.digest}")
        name = f"{self._source.reference.name}@{descriptor.digest}"
        manifest = documents.decode_manifest(data, found.media_type, name)
        for child in manifest.children:
            self._once(child, depth + 1)
        there = self._there(found)
        if not there:
            self._blobs(manifest.blobs)
        if tag is not None or not there:
            self._target.put_manifest(data, found.media_type, tag)
        self._attached(found, depth)
        return found

    def _once(self, descriptor: Descriptor, depth: int) -> None:
        if descriptor.digest not in self._done:
            self._done.add(descriptor.digest)
            self.run(descriptor, None, depth)

    def _attached(self, descriptor: Descriptor, depth: int) -> None:
        if not self._referrers:
            return
        for referrer in self._source.referrers(descriptor.digest):
            self._once(referrer, depth + 1)

    def _there(self, descriptor: Descriptor) -> bool:
        try:
            return self._target.resolve(descriptor.digest).digest == descriptor.digest
        except NotFound:
            return False

    def _blobs(self, descriptors: tuple[Descriptor, ...]) -> None:
        from concurrent.futures import ThreadPoolExecutor  # brings logging along; a scan does without

        distinct = {descriptor.digest: descriptor for descriptor in descriptors}
        with ThreadPoolExecutor(_WORKERS) as pool:
            futures = [pool.submit(self._blob, descriptor) for descriptor in distinct.values()]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _blob(self, descriptor: Descriptor) -> None:
        if self._target.has_blob(descriptor.digest) or self._mounted(descriptor):
            return
        if documents.is_foreign(descriptor) and not self._source.has_blob(descriptor.digest):
            return
        with self._source.blob(descriptor) as content:
            self._target.put_blob(descriptor, content)

    def _mounted(self, descriptor: Descriptor) -> bool:
        same = self._source.reference.registry == self._target.reference.registry
        return same and self._target.mount_blob(descriptor, self._source.reference)
