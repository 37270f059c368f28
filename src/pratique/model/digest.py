"""Content digests, `algorithm:hex` (OCI image-spec, descriptor.md#digests)."""

import hashlib
import re
from typing import NewType, Protocol

from pratique.model.errors import UsageError

Digest = NewType("Digest", str)

_LENGTHS = {"sha256": 64, "sha512": 128}
_DIGEST = re.compile(r"(sha256|sha512):([a-f0-9]+)")


class Hash(Protocol):
    """What `hashlib` hands out."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Hex of the hash so far."""


def is_digest(text: str) -> bool:
    """Whether `text` is a well-formed digest of an algorithm that we can check."""
    match = _DIGEST.fullmatch(text)
    return match is not None and len(match[2]) == _LENGTHS[match[1]]


def parse_digest(text: str) -> Digest:
    """Return `text` as a digest. Raises UsageError when it isn't one."""
    if not is_digest(text):
        raise UsageError(f"not a digest: {text[:100]!r}", "write it as sha256: and 64 hexadecimal digits in lower case")
    return Digest(text)


def digest_of(data: bytes) -> Digest:
    """The sha256 digest of bytes."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def hasher(digest: Digest) -> Hash:
    """An empty hash of the digest's algorithm."""
    return hashlib.new(digest.partition(":")[0])


def short(digest: str) -> str:
    """The digest's first twelve hex digits, for people."""
    return digest.partition(":")[2][:12] or digest[:12]
