"""CISA's catalogue of known exploited vulnerabilities (KEV), as JSON: the CVEs in it. Pure."""

import msgspec

from pratique.model.errors import InvalidData


class _Entry(msgspec.Struct, rename={"cve": "cveID"}):
    cve: str


class _Catalogue(msgspec.Struct):
    vulnerabilities: list[_Entry]


_DECODER = msgspec.json.Decoder(_Catalogue)


def parse(data: bytes) -> frozenset[str]:
    """The CVEs that are known to be exploited. Raises InvalidData."""
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData("not CISA's catalogue of known exploited vulnerabilities", str(error)[:150]) from error
    return frozenset(entry.cve for entry in found.vulnerabilities)
