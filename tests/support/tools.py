"""Programs that `scripts/tools` and `scripts/apiserver` build for tests against the real thing."""

import os
import shutil
from pathlib import Path

import pytest


def folder() -> Path:
    """Where `scripts/tools` and `scripts/apiserver` put what they build (in its `bin`)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("PRATIQUE_TOOLS") or cache / "pratique" / "tools")


def cosign() -> str:
    """The path of cosign 3: on PATH or where `scripts/tools` puts it; skips, with the reason, when it is in neither."""
    found = shutil.which("cosign") or shutil.which("cosign", path=str(folder() / "bin"))
    if found is None:
        pytest.skip("needs cosign: scripts/tools builds it where there is Go")
    return found


def notation() -> str:
    """The path of notation 1, found as cosign is; skips, with the reason, where it is not."""
    found = shutil.which("notation") or shutil.which("notation", path=str(folder() / "bin"))
    if found is None:
        pytest.skip("needs notation: scripts/tools builds it where there is Go")
    return found
