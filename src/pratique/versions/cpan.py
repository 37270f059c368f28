"""Perl's order (version.pm, "Declaring Versions"): decimals and dotted versions on one line.

`1.002003` is `v1.2.3`, and `1.5` is `v1.500`: a decimal's fraction is read three digits at a time. An underscore only
marks a trial release.
"""

import re

from pratique.versions import numbers

_DECIMAL = re.compile(r"([0-9]+)(?:\.([0-9]*))?|\.([0-9]+)", re.ASCII)
_DOTTED = re.compile(r"v[0-9]+(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+){2,}", re.ASCII)
_TRIAL = re.compile(r"(?<=[0-9])_(?=[0-9])", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None for what version.pm would not read."""
    text = _TRIAL.sub("", version, count=1)
    if _DOTTED.fullmatch(text):
        parts = text.lstrip("v").split(".")
    elif match := _DECIMAL.fullmatch(text):
        fraction = match[2] or match[3] or ""
        parts = [match[1] or "0", *(fraction[at : at + 3].ljust(3, "0") for at in range(0, len(fraction), 3))]
    else:
        return None
    while len(parts) > 1 and not parts[-1].strip("0"):
        parts.pop()
    return b"".join(b"\1" + numbers.encode(part) for part in parts) + b"\0"
