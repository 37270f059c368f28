"""Bitnami's components: the SPDX file beside each, below opt/bitnami."""

import re

import msgspec

from pratique.model.errors import InvalidData
from pratique.model.inventory import PackageType
from pratique.model.purl import parse as parse_purl
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, proper

LIMIT = 16 * MEGABYTE
_FILE = re.compile(r"opt/bitnami/(?:.+/)?\.spdx-[^/]+\.spdx")
START = "opt/bitnami/"
_PURL = "pkg:bitnami/"


class _Reference(msgspec.Struct, rename="camel"):
    reference_locator: str = ""


class _Package(msgspec.Struct, rename="camel"):
    external_refs: list[_Reference] = []
    license_declared: str = ""


class _Document(msgspec.Struct):
    packages: list[_Package] = []


_DECODER = msgspec.json.Decoder(_Document)


def wanted(path: str) -> bool:
    """Whether this is such a file."""
    return path.startswith(START) and _FILE.fullmatch(path) is not None


def parse(path: str, content: bytes) -> Parsed:
    """The components that have a package URL of Bitnami's; what they were built from is found by its own files."""
    try:
        packages = _DECODER.decode(content).packages
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        yield Problem(f"not an SPDX document: {str(error)[:200]}")
        return
    for package in packages:
        for reference in package.external_refs:
            if reference.reference_locator.startswith(_PURL):
                yield _found(reference.reference_locator, package.license_declared)


def _found(text: str, license_: str) -> Found | Problem:
    try:
        purl = parse_purl(text)
    except InvalidData as error:
        return Problem(f"its package URL cannot be read: {error.hint}")
    if not proper(purl.name) or not proper(purl.version):
        return Problem(f"its package URL has no version: {text[:100]!r}")
    licenses = (license_,) if 0 < len(license_) <= 200 and license_ not in {"NOASSERTION", "NONE"} else ()
    return Found(PackageType.BITNAMI, purl.name, purl.version, purl.qualifiers.get("arch", "")[:64], licenses=licenses)
