"""Image references, `registry/repository:tag@digest`, normalised as Docker and containerd do.

Grammar: distribution/reference; defaults: a name without a registry is Docker Hub's, a single name there is in
`library/`, no tag and no digest means `latest`, and with both the digest decides.
"""

import re

import msgspec

from pratique.model.digest import Digest, parse_digest
from pratique.model.errors import UsageError

DOCKER_HUB = "docker.io"
_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_LIMIT = 4096  # characters; longer than anything real, short enough to be harmless

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]{{1,5}})?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")  # Docker takes such a name for an image's id; with a registry it is a name
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


class Reference(msgspec.Struct, frozen=True, order=True):
    """Where an image can be had: `registry` (host, with port if given), `repository`, and a tag, a digest or both."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference as users write it, with Docker's defaults applied. Raises UsageError."""
        name, at, digest = text.partition("@")
        head, slash, rest = name.partition("/")
        registry, path = (head, rest) if slash and _names_a_registry(head) else (DOCKER_HUB, name)
        path, colon, tag = path.partition(":")
        if registry in _HUB_NAMES:
            registry = DOCKER_HUB
            path = path if "/" in path else f"library/{path}"
        problem = _problem(text, registry, path, tag if colon else None)
        if _IMAGE_ID.fullmatch(text):
            problem = "64 hexadecimal digits are an image's id; for a digest write NAME@sha256:..."
        if problem:
            raise UsageError(f"not an image reference: {_shown(text)}", problem)
        return cls(
            registry=registry,
            repository=path,
            tag=tag if colon else (None if at else "latest"),
            digest=parse_digest(digest) if at else None,
        )

    @property
    def name(self) -> str:
        """`registry/repository`, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What decides: the digest where there is one, else the tag."""
        return self.digest or self.tag or "latest"

    def at(self, digest: Digest) -> "Reference":
        """The same repository, pinned to a digest."""
        return Reference(self.registry, self.repository, None, digest)

    def tagged(self, tag: str) -> "Reference":
        """The same repository, another tag. Raises UsageError when it isn't a tag."""
        if not _TAG.fullmatch(tag):
            raise UsageError(f"not a tag: {_shown(tag)}", "up to 128 letters, digits, '.', '_' and '-'")
        return Reference(self.registry, self.repository, tag)

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def is_tag(text: str) -> bool:
    """Whether `text` is a well-formed tag (distribution-spec: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`)."""
    return _TAG.fullmatch(text) is not None


def _names_a_registry(head: str) -> bool:
    return "." in head or ":" in head or head == "localhost" or head != head.lower()


def _problem(text: str, registry: str, path: str, tag: str | None) -> str:
    if len(text) > _LIMIT:
        return f"it is longer than {_LIMIT} characters"
    if not _REGISTRY.fullmatch(registry):
        return f"{_shown(registry)} is not a registry's host name"
    if not _REPOSITORY.fullmatch(path) or len(path) > 255:
        return f"{_shown(path)} is not a repository: lower case letters, digits, '.', '_', '-' and '/', at most 255"
    if tag is not None and not _TAG.fullmatch(tag):
        return f"{_shown(tag)} is not a tag"
    return ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
