"""Go's order (golang.org/x/mod/semver): SemVer with `v` before it, `v1` and `v1.2` short for `v1.2.0`.

Pseudo-versions are pre-releases like others, `+incompatible` is build metadata. OSV writes versions without the `v`; a
toolchain's own name (`go1.22rc1`, as binaries give it) is the version of `stdlib` and `toolchain`: `1.22.0-rc.1`.
"""

import re

from pratique.versions import semver

_N = semver.NUMBER
_VERSION = re.compile(rf"v?({_N})(?:\.({_N})(?:\.({_N})(?:-({semver.PRERELEASE}))?(?:\+{semver.BUILD})?)?)?", re.ASCII)
# "go1.21.3", "go1.22rc1", "go1.20.4 X:boringcrypto", "go1.19.9-google": the builder's mark does not count.
_TOOLCHAIN = re.compile(rf"go({_N})(?:\.({_N}))?(?:\.({_N}))?(?:(alpha|beta|rc)({_N}))?(?:[ +-].*)?", re.ASCII)


def encode(version: str) -> bytes | None:
    """The key of a version, or None where Go would not take it (`(devel)`)."""
    if match := _VERSION.fullmatch(version):
        return semver.precedence(_three(match), match[4])
    if match := _TOOLCHAIN.fullmatch(version):
        return semver.precedence(_three(match), f"{match[4]}.{match[5]}" if match[4] else None)
    return None


def _three(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(part or "0" for part in match.group(1, 2, 3))
