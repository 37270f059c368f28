"""Conda's packages: one record in conda-meta for each that is installed in an environment."""

import re

import msgspec

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper

LIMIT = 16 * MEGABYTE  # a record lists all files of its package
_RECORD = re.compile(r"(?:.*/)?conda-meta/[^/]+\.json")
FOLDER = "conda-meta/"


class _Record(msgspec.Struct):
    name: str = ""
    version: str = ""
    license: object = None


_DECODER = msgspec.json.Decoder(_Record)


def wanted(path: str) -> bool:
    """Whether this is such a record."""
    return FOLDER in path and _RECORD.fullmatch(path) is not None


def parse(path: str, content: bytes) -> Parsed:
    """The one package."""
    try:
        record = _DECODER.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not a record of conda's: {str(error)[:200]}")
        return
    if proper(record.name) and proper(record.version):
        told = record.license
        licenses = (told,) if isinstance(told, str) and 0 < len(told) <= 200 else ()
        yield Found(PackageType.CONDA, record.name, record.version, licenses=licenses)
    else:
        yield Problem(f"package {cut(record.name)} with version {cut(record.version)}")
