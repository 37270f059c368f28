"""The list that Azure Linux (CBL-Mariner) leaves in images without RPM's database: a line a package, tabs between.

It is `rpm -qa` with NAME, VERSION-RELEASE, INSTALLTIME, BUILDTIME, VENDOR, EPOCH, SIZE, ARCH, EPOCHNUM, SOURCERPM.
"""

from pratique.model.inventory import PackageType
from pratique.scan.found import MEGABYTE, Found, Parsed, Problem, cut, proper, text_of
from pratique.scan.rpm.header import evr, source

LIMIT = 16 * MEGABYTE
PATH = "var/lib/rpmmanifest/container-manifest-2"
_COLUMNS = 10
_NONE = "(none)"


def wanted(path: str) -> bool:
    """Whether this is the list."""
    return path == PATH


def parse(path: str, content: bytes) -> Parsed:
    """All packages of the list."""
    for number, line in enumerate(text_of(content).split("\n"), 1):
        if not line.strip(" \r"):
            continue
        fields = ["" if field == _NONE else field for field in line.rstrip("\r").split("\t")]
        name, version = (*fields, "", "")[:2]
        if len(fields) < _COLUMNS or not proper(name) or not proper(version):
            yield Problem(f"line {number}: package {cut(name)} with version {cut(version)}, {len(fields)} columns")
            continue
        epoch = int(fields[8]) if fields[8].isascii() and fields[8].isdigit() and len(fields[8]) < 11 else 0
        yield Found(
            PackageType.RPM,
            name,
            evr(epoch, version),
            fields[7][:64],
            source(name, fields[9], epoch, version),
            vendor=fields[4][:200],
        )
