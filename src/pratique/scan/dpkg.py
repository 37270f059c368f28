"""Debian packages: dpkg's status file, and the status.d folder of distroless images (deb-control(5), dpkg-query(1))."""

import re

from pratique.model.inventory import PackageType, Source
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of

LIMIT = 64 * MEGABYTE
STATUS = "var/lib/dpkg/status"
_STATUS_D = "var/lib/dpkg/status.d/"
_FIELD = re.compile(r"^(Package|Status|Version|Source|Architecture|Maintainer):(.*)$", re.MULTILINE)
_DISTRIBUTIONS = re.compile("debian|ubuntu|canonical", re.IGNORECASE)
_SOURCE = re.compile(r"(\S+)(?:\s+\((\S+)\))?")
# The files of these are on disk, whatever apt was told to do with the package next (`hold ok installed`).
_PRESENT = frozenset({"installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"})


def wanted(path: str) -> bool:
    """Whether this is a status file."""
    return path == STATUS or (path.startswith(_STATUS_D) and not path.endswith(".md5sums"))


def parse(path: str, content: bytes) -> Parsed:
    """The packages that are there; stanzas without a Status line (distroless) count as installed."""
    for number, stanza in enumerate(re.split(r"\n(?:[ \t\r]*\n)+", text_of(content)), 1):
        if not stanza.strip():
            continue
        fields = {key: value.strip() for key, value in reversed(_FIELD.findall(stanza))}  # the first of two counts
        if fields.get("Status", "installed").rpartition(" ")[2] in _PRESENT:
            yield _package(number, fields)


def _package(number: int, fields: dict[str, str]) -> Found | Problem:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    if not proper(name) or not proper(version):
        return Problem(f"stanza {number}: package {cut(name)} with version {cut(version)}")
    return Found(
        PackageType.DEB,
        name,
        version,
        fields.get("Architecture", "")[:64],
        _source(name, version, fields),
        maintained=_DISTRIBUTIONS.search(fields.get("Maintainer", "debian")) is not None,
    )


def _source(name: str, version: str, fields: dict[str, str]) -> Source | None:
    match = _SOURCE.fullmatch(fields.get("Source", ""))
    if match is None or not proper(match[1]):
        return None
    source = Source(match[1], match[2] or version)
    return None if source == Source(name, version) else source
