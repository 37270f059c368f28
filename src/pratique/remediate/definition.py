"""How an image is built: where its Dockerfile and context are, and what is passed to the build."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from pratique.model.descriptor import Platform


class BuildDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Dockerfile, its context (a folder), build arguments by name, the stage to build (last if empty), a platform."""

    dockerfile: Path
    context: Path
    build_args: Mapping[str, str] = {}
    target: str = ""
    platform: Platform | None = None
