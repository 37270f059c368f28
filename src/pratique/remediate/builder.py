"""What a builder is: it makes an image from a definition, on exactly the bases that it is told, and publishes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from pratique.model.digest import Digest
from pratique.model.errors import InvalidData, PratiqueError, UsageError
from pratique.model.reference import Reference
from pratique.remediate import dockerfile
from pratique.remediate.definition import BuildDefinition

_LIMIT = 1 << 20  # bytes


class Built(msgspec.Struct, frozen=True):
    """A build that went well: the digest of the new manifest where it was published, and the builder's log."""

    digest: Digest
    log_path: Path


class BuildFailed(PratiqueError):
    """The build itself failed: its own instructions, or the builder. The log's last lines are in the hint."""

    def __init__(self, what: str, hint: str, log_path: Path) -> None:
        super().__init__(what, hint)
        self.log_path = log_path


class Builder(Protocol):
    """Builds images. `bases` maps references, as the Dockerfile names them, to the digests to build on."""

    def build(self, definition: BuildDefinition, target: Reference, bases: Mapping[Reference, Digest]) -> Built:
        """Build, and publish under `target`'s tag. Raises BuildFailed, UsageError, InvalidData, Unavailable."""


def read_dockerfile(definition: BuildDefinition) -> dockerfile.Dockerfile:
    """The definition's Dockerfile. Raises UsageError where it or its context isn't there, InvalidData."""
    path = definition.dockerfile
    if not definition.context.is_dir():
        raise UsageError(f"no build context: {definition.context} is not a folder")
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"cannot read the Dockerfile {path}: {error.strerror}") from None
    if len(data) > _LIMIT:
        raise InvalidData(f"{path} has more than {_LIMIT} bytes", "that is no Dockerfile")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidData(f"{path} is not UTF-8 text") from None
    return dockerfile.parse(text, definition.build_args, definition.platform)
