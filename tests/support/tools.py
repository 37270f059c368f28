"""Programs that `scripts/tools` builds for interoperability tests."""

import os
import shutil
from pathlib import Path

import pytest


def cosign() -> str:
    """The path of cosign 3: on PATH or where `scripts/tools` puts it; skips, with the reason, when it is in neither."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    tools = Path(os.environ.get("PRATIQUE_TOOLS") or cache / "pratique" / "tools")
    found = shutil.which("cosign") or shutil.which("cosign", path=str(tools / "bin"))
    if found is None:
        pytest.skip("needs cosign: scripts/tools builds it where there is Go")
    return found
