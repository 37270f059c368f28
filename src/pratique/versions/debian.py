"""dpkg's order (deb-version(7)), for Debian and Ubuntu: `[epoch:]upstream[-revision]`.

Upstream and revision are runs of non-digits and digits in turn. In a run of non-digits `~` sorts before its end, its
end before letters, letters before all else; a run of digits is a number, and none is zero. A missing revision is `0`.
"""

import re
import string

from pratique.versions import numbers

_EPOCH = re.compile(r"[0-9]+", re.ASCII)
_UPSTREAM = re.compile(r"[A-Za-z0-9.+~:-]+", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9.+~]+", re.ASCII)
_RUNS = re.compile(r"([^0-9]*)([0-9]*)")
_MAX_EPOCH = 2**31 - 1

_END = 2
_ORDER = {"~": 1} | {
    c: place for place, c in enumerate(string.ascii_uppercase + string.ascii_lowercase + "+-.:", start=3)
}


def encode(version: str) -> bytes | None:
    """The key of a version, or None where dpkg refuses it or warns of its characters."""
    version = version.strip(" \t\n\r\f\v")
    epoch, colon, rest = version.partition(":") if ":" in version else ("", "", version)
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, "0"
    if not (_UPSTREAM.fullmatch(upstream) and _REVISION.fullmatch(revision)):
        return None
    if colon and not (_EPOCH.fullmatch(epoch) and int(epoch) <= _MAX_EPOCH):
        return None
    return numbers.encode(epoch) + _part(upstream) + _part(revision)


def _part(text: str) -> bytes:
    out = bytearray()
    for words, digits in _RUNS.findall(text):
        if words or digits:
            out += bytes(_ORDER[c] for c in words)
            out.append(_END)
            out += numbers.encode(digits)
    out.append(_END)
    return bytes(out)
