"""Numbers and nothing else, compared one by one, fewer before more: R's `package_version` and Haskell's PVP.

So `1.0 < 1.0.0 < 1.0.1 < 1.10`; a dash divides as a dot does.
"""

import re

from pratique.versions import numbers

_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)*", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what isn't numbers."""
    version = version.strip()
    if not _VERSION.fullmatch(version):
        return None
    return b"".join(b"\1" + numbers.encode(part) for part in re.split(r"[.-]", version)) + b"\0"
