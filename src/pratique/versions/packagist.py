"""Composer's order (composer/semver's VersionParser, then PHP's version_compare), for Packagist.

`[v]1.2.3.4[-stability[number]][-dev]`; up to four numbers, or a date. `dev < alpha < beta < RC < release < patch`.
Branches (`dev-main`) are no versions; `1.x-dev` is the highest of its line.
"""

import re

from pratique.versions import numbers

_MODIFIER = r"[._-]?(?:(stable|beta|b|RC|alpha|a|patch|pl|p)((?:[.-]?\d+)*)?)?([.-]?dev)?"
_CLASSIC = re.compile(rf"v?(\d{{1,5}})(\.\d+)?(\.\d+)?(\.\d+)?{_MODIFIER}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(rf"v?(\d{{4}}(?:[.:-]?\d{{2}}){{1,6}}(?:[.:-]?\d{{1,3}})?){_MODIFIER}", re.IGNORECASE | re.ASCII)
_BRANCH = re.compile(r"v?(\d+)(\.(?:\d+|[xX*]))?(\.(?:\d+|[xX*]))?(\.(?:\d+|[xX*]))?[.-]?dev", re.IGNORECASE | re.ASCII)
_FLAG = re.compile(r"@(?:stable|RC|beta|alpha|dev)", re.IGNORECASE)
_BUILD = re.compile(r"([^,\s+]+)\+[^\s]+")
_HIGHEST = "9999999"

_DEV, _ALPHA, _BETA, _RC, _END, _NUMBER, _PATCH = (bytes([kind]) for kind in range(1, 8))
_STABILITIES = {
    "alpha": _ALPHA,
    "a": _ALPHA,
    "beta": _BETA,
    "b": _BETA,
    "rc": _RC,
    "patch": _PATCH,
    "pl": _PATCH,
    "p": _PATCH,
}


def encode(version: str) -> bytes | None:
    """The key of a version, or None for a branch and for what Composer would not read."""
    version = _FLAG.sub("", version.strip())
    if match := _BUILD.fullmatch(version):
        version = match[1]
    if match := _CLASSIC.fullmatch(version):
        parts = [part.lstrip(".") if part else "0" for part in match.group(1, 2, 3, 4)]
        return _key(parts, *match.group(5, 6, 7))
    if match := _DATE.fullmatch(version):
        return _key(re.split(r"\D", match[1]), *match.group(2, 3, 4))
    if match := _BRANCH.fullmatch(version):
        given = [(part or "x").lstrip(".") for part in match.group(1, 2, 3, 4)]
        return _key([part if part.isdigit() else _HIGHEST for part in given], None, None, "dev")
    return None


def _key(parts: list[str], stability: str | None, count: str | None, dev: str | None) -> bytes:
    out = [_NUMBER + numbers.encode(part) for part in parts]
    if stability and stability == "stable":
        return b"".join(out) + _END
    if stability:
        out.append(_STABILITIES.get(stability.lower(), b""))
        out += [_NUMBER + numbers.encode(number) for number in re.findall(r"\d+", count or "")]
    return b"".join(out) + (_DEV if dev else b"") + _END
