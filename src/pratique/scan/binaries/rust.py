"""Rust's list of crates, which `cargo auditable` puts into a section of the program (cargo-auditable, PARSING.md)."""

import zlib
from collections.abc import Iterator

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import Found, Problem, cut, proper

SECTION = b".dep-v0"
_MOST = 8 * 1024 * 1024  # bytes of JSON, cargo-auditable's own limit


class _Crate(msgspec.Struct):
    name: str
    version: str
    kind: str = "runtime"


class _Crates(msgspec.Struct):
    packages: list[_Crate]


_DECODER = msgspec.json.Decoder(_Crates)


def parse(section: bytes) -> Iterator[Found | Problem]:
    """The crates that are in the program; those that only its build ran are not."""
    try:
        inflate = zlib.decompressobj()
        crates = _DECODER.decode(inflate.decompress(section, _MOST))
    except (zlib.error, msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"its list of crates cannot be read: {str(error)[:200]}")
        return
    for crate in crates.packages:
        if crate.kind == "build":
            continue
        if proper(crate.name) and proper(crate.version):
            yield Found(PackageType.CARGO, crate.name, crate.version)
        else:
            yield Problem(f"crate {cut(crate.name)} with version {cut(crate.version)}")
