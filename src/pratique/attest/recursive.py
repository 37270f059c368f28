"""An index and all that is in it, so that one command signs a multi-platform image whole (cosign's `--recursive`)."""

import msgspec

from pratique.attest import beside
from pratique.model.descriptor import INDEXES, Descriptor
from pratique.model.digest import Digest, is_digest
from pratique.model.errors import InvalidData
from pratique.registry.repository import Repository

_MOST = 1000  # manifests of one image


class _Index(msgspec.Struct):
    manifests: tuple[Descriptor, ...] = ()


def whole(repository: Repository, digest: Digest) -> tuple[Digest, ...]:
    """The digest, and where it is an index's, those of the manifests and indexes in it; each once, parents first.

    Raises what the repository raises, and InvalidData for more than 1000 or an index that is none.
    """
    found: dict[Digest, None] = {}
    waiting = [digest]
    while waiting:
        each = waiting.pop(0)
        if each in found:
            continue
        found[each] = None
        if len(found) > _MOST:
            raise InvalidData(f"{digest} holds more than {_MOST} manifests")
        descriptor, data = repository.manifest(each)
        if descriptor.media_type in INDEXES:
            waiting += _children(data)
    return tuple(found)


def _children(data: bytes) -> list[Digest]:
    if len(data) > beside.MAX_MANIFEST:
        raise InvalidData(f"an index of {len(data)} bytes, more than {beside.MAX_MANIFEST}")
    try:
        index = msgspec.json.decode(data, type=_Index)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(f"not an index: {error}") from None
    if not all(is_digest(each.digest) for each in index.manifests):
        raise InvalidData("an index that names something without a proper digest")
    return [each.digest for each in index.manifests]
