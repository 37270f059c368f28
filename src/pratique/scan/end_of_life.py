"""Until when a distribution's release is mended, out of the table beside this file, which names its sources."""

from functools import cache
from pathlib import Path


def end_of_life(distro: str, version: str, name: str = "") -> str:
    """The last day, YYYY-MM-DD; empty where it isn't known. `name` tells CentOS Stream from CentOS."""
    known = _table()
    if distro == "centos" and "stream" in name.lower():
        distro = "centos-stream"
    while version:
        if (distro, version) in known:
            return known[distro, version]
        version = version.rpartition(".")[0]
    return ""


@cache
def _table() -> dict[tuple[str, str], str]:
    text = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {(distro, version): day for distro, version, day in lines}
